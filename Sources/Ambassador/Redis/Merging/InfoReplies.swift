// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import WireRESP

/// INFO: one text for all servers.
///
/// Counts and amounts are added up, what all servers say alike is said once, and of anything else each server's value
/// is given, with commas between them. Servers that failed are left out, and their number is told at the top.
final class InfoReplies: KeptReplies {
    override var mayFailInPart: Bool { true }

    override func merge(into output: inout ByteBuffer) -> Bool {
        let replies = values.map { try? RESPValue.decode($0) }
        let texts = replies.compactMap { $0?.text }
        guard texts.count == replies.count, let first = replies.first else { return false }
        var merged = ByteBuffer()
        merged.writeString("# Outrigger\r\nservers:\(self.replies.count)\r\nservers_answered:\(texts.count)\r\n")
        merged.writeString(RedisInfo(texts).text)
        if case .verbatim(let format, _) = first {
            output.writeRESP(.verbatim(format: format, merged), .three)
        } else {
            output.writeRESPBulk(merged.readableBytesUInt8Span)
        }
        return true
    }
}

/// The fields of several servers' INFO, section by section, in the order in which they first appear.
struct RedisInfo {
    private struct Section {
        let title: String
        var names: [String] = []
        var values: [String: [String]] = [:]
    }

    private var sections: [Section] = []

    init(_ texts: [String]) {
        for text in texts { add(text) }
    }

    private mutating func add(_ text: String) {
        var current = section("")
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("#") {
                current = section(String(line))
                continue
            }
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = String(line[..<colon])
            if sections[current].values[name] == nil { sections[current].names.append(name) }
            sections[current].values[name, default: []].append(String(line[line.index(after: colon)...]))
        }
    }

    private mutating func section(_ title: String) -> Int {
        if let index = sections.firstIndex(where: { $0.title == title }) { return index }
        sections.append(Section(title: title))
        return sections.count - 1
    }

    var text: String {
        var text = ""
        for section in sections where !section.names.isEmpty {
            text += section.title.isEmpty ? "" : "\r\n\(section.title)\r\n"
            for name in section.names {
                // Safe: each name was given a value when it was added.
                text += "\(name):\(Self.merge(name, section.values[name]!, section.values))\r\n"
            }
        }
        return text
    }

    private static func merge(_ name: String, _ values: [String], _ section: [String: [String]]) -> String {
        if summed.contains(name), let sum = sum(values) { return sum }
        if isCompound(name), let sum = compoundSum(values) { return sum }
        if name.hasSuffix("_human"), let amounts = section[String(name.dropLast(6))],
            summed.contains(String(name.dropLast(6))), let sum = sum(amounts), let bytes = Int(sum)
        {
            return humanText(bytes)
        }
        return values.allSatisfy { $0 == values[0] } ? values[0] : values.joined(separator: ",")
    }

    private static let summed: Set<String> = [
        "connected_clients", "blocked_clients", "tracking_clients", "pubsub_clients", "watching_clients",
        "clients_in_timeout_table", "total_blocking_keys", "used_memory", "used_memory_rss", "used_memory_peak",
        "used_memory_overhead", "used_memory_startup", "used_memory_dataset", "used_memory_lua", "used_memory_scripts",
        "number_of_cached_scripts", "number_of_functions", "number_of_libraries", "maxmemory",
        "total_connections_received", "total_commands_processed", "instantaneous_ops_per_sec", "total_net_input_bytes",
        "total_net_output_bytes", "rejected_connections", "expired_keys", "evicted_keys", "evicted_clients",
        "keyspace_hits", "keyspace_misses", "pubsub_channels", "pubsub_patterns", "pubsubshard_channels",
        "total_error_replies", "total_reads_processed", "total_writes_processed", "connected_slaves",
        "rdb_changes_since_last_save", "used_cpu_sys", "used_cpu_user", "instantaneous_input_kbps",
        "instantaneous_output_kbps",
    ]

    /// `db0:keys=1,expires=0`, `cmdstat_get:calls=1,usec=2`, `errorstat_ERR:count=1`.
    private static func isCompound(_ name: String) -> Bool {
        name.hasPrefix("cmdstat_") || name.hasPrefix("errorstat_")
            || (name.hasPrefix("db") && !name.dropFirst(2).isEmpty && name.dropFirst(2).allSatisfy(\.isNumber))
    }

    private static func sum(_ values: [String]) -> String? {
        let integers = values.compactMap { Int64($0) }
        if integers.count == values.count {
            var sum: Int64 = 0
            for integer in integers {
                let (next, overflow) = sum.addingReportingOverflow(integer)
                if overflow { return nil }
                sum = next
            }
            return "\(sum)"
        }
        let numbers = values.compactMap { Double($0) }
        return numbers.count == values.count ? "\(numbers.reduce(0, +))" : nil
    }

    /// Sums each of the amounts; an average can't be summed and is the largest of them.
    private static func compoundSum(_ values: [String]) -> String? {
        var names: [String] = []
        var amounts: [String: [String]] = [:]
        for pair in values.flatMap({ $0.split(separator: ",") }) {
            guard let equals = pair.firstIndex(of: "=") else { return nil }
            let name = String(pair[..<equals])
            if amounts[name] == nil { names.append(name) }
            amounts[name, default: []].append(String(pair[pair.index(after: equals)...]))
        }
        var texts: [String] = []
        for name in names {
            let values = amounts[name] ?? []
            let isAverage = name.hasPrefix("avg") || name.hasSuffix("per_call")
            let merged = isAverage ? values.max { (Double($0) ?? 0) < (Double($1) ?? 0) } : sum(values)
            guard let merged else { return nil }
            texts.append("\(name)=\(merged)")
        }
        return texts.joined(separator: ",")
    }

    /// `1.50M`, as Redis writes amounts of memory.
    private static func humanText(_ bytes: Int) -> String {
        let units: [(Int, String)] = [(1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")]
        guard let (unit, letter) = units.first(where: { bytes >= $0.0 }) else { return "\(bytes)B" }
        let hundredths = bytes % unit * 100 / unit
        return "\(bytes / unit).\(hundredths < 10 ? "0" : "")\(hundredths)\(letter)"
    }
}
