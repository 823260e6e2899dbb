// SPDX-License-Identifier: Apache-2.0

/// A strict reader of Prometheus' text format 0.0.4, written from its specification and the rules of `promtool check
/// metrics`, not from the code that it checks.
struct Exposition {
    struct Sample: Hashable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Violation: Error, CustomStringConvertible {
        var description: String
        init(_ description: String) { self.description = description }
    }

    private(set) var samples: [Sample] = []
    private(set) var types: [String: String] = [:]
    private(set) var helps: [String: String] = [:]
    /// Names in the order of their TYPE lines.
    private(set) var order: [String] = []

    init(_ bytes: [UInt8]) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Violation("not UTF-8") }
        guard text.isEmpty || text.hasSuffix("\n") else { throw Violation("no newline at the end") }
        for line in text.split(separator: "\n") { try read(line) }
        try checkDuplicates()
        for (name, type) in types where type == "histogram" { try checkHistogram(name) }
    }

    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    private mutating func read(_ line: Substring) throws {
        if line.hasPrefix("# HELP ") || line.hasPrefix("# TYPE ") { return try readComment(line) }
        guard !line.hasPrefix("#") else { throw Violation("stray comment: \(line)") }
        let sample = try Self.sample(line)
        guard let family = order.last, Self.names(of: family, types[family]).contains(sample.name) else {
            throw Violation("\(sample.name) isn't under its own TYPE line")
        }
        samples.append(sample)
    }

    private mutating func readComment(_ line: Substring) throws {
        let parts = line.dropFirst(7).split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw Violation("half a comment: \(line)") }
        let (name, rest) = (parts[0], parts[1])
        guard line.hasPrefix("# TYPE ") else {
            guard helps.updateValue(rest, forKey: name) == nil else { throw Violation("two HELP lines of \(name)") }
            return
        }
        guard types.updateValue(rest, forKey: name) == nil, helps[name] != nil else {
            throw Violation("TYPE of \(name) comes twice or before HELP")
        }
        guard ["counter", "gauge", "histogram"].contains(rest) else { throw Violation("unknown type \(rest)") }
        order.append(name)
    }

    private static func names(of family: String, _ type: String?) -> [String] {
        type == "histogram" ? ["_bucket", "_sum", "_count"].map { family + $0 } : [family]
    }

    /// `name{label="value",…} number`
    private static func sample(_ line: Substring) throws -> Sample {
        var rest = line
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
        guard let first = name.first, !first.isNumber else { throw Violation("bad name: \(line)") }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest.removeFirst()
            while rest.first != "}" {
                let (label, value) = try self.label(&rest)
                guard labels.updateValue(value, forKey: label) == nil else {
                    throw Violation("label \(label) comes twice: \(line)")
                }
                if rest.first == "," { rest.removeFirst() }
            }
            rest.removeFirst()
        }
        guard rest.first == " " else { throw Violation("no space before the value: \(line)") }
        let text = rest.dropFirst()
        guard let value = Double(String(text)), !text.contains(" ") else { throw Violation("bad value: \(line)") }
        return Sample(name: String(name), labels: labels, value: value)
    }

    private static func label(_ rest: inout Substring) throws -> (String, String) {
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        rest = rest.dropFirst(name.count)
        guard let first = name.first, !first.isNumber, rest.hasPrefix("=\"") else {
            throw Violation("bad label at \(rest)")
        }
        rest = rest.dropFirst(2)
        var value = ""
        while let next = rest.popFirst(), next != "\"" {
            guard next == "\\" else {
                value.append(next)
                continue
            }
            switch rest.popFirst() {
            case "n": value.append("\n")
            case "\\": value.append("\\")
            case "\"": value.append("\"")
            default: throw Violation("unknown escape in the label \(name)")
            }
        }
        return (String(name), value)
    }

    private func checkDuplicates() throws {
        var seen: Set<Sample> = []
        for sample in samples {
            let key = Sample(name: sample.name, labels: sample.labels, value: 0)
            guard seen.insert(key).inserted else { throw Violation("\(key) comes twice") }
        }
        guard Set(types.keys) == Set(helps.keys) else { throw Violation("HELP without TYPE") }
    }

    /// Buckets ascend in `le` and in count, end with `+Inf`, which is the count; each series has a sum.
    private func checkHistogram(_ name: String) throws {
        let buckets = Dictionary(grouping: samples.filter { $0.name == name + "_bucket" }) { sample in
            sample.labels.filter { $0.key != "le" }
        }
        for (labels, series) in buckets {
            let bounds = series.compactMap { sample in sample.labels["le"].flatMap { Double($0) } }
            guard bounds.count == series.count, bounds == bounds.sorted(), bounds.last == .infinity else {
                throw Violation("\(name)'s bounds are wrong: \(bounds)")
            }
            let counts = series.map(\.value)
            guard counts == counts.sorted(), counts.last == value(name + "_count", labels) else {
                throw Violation("\(name)'s counts are wrong: \(counts)")
            }
            guard value(name + "_sum", labels) != nil else { throw Violation("\(name) has no sum") }
        }
    }
}
