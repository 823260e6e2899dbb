// SPDX-License-Identifier: Apache-2.0

/// Maglev's table (Eisenbud et al., 2016): each server has an order of its own of all entries, and in turn, more often
/// with a larger weight, takes the first one that nobody has yet. A hash is looked up with one step.
struct MaglevTable {
    /// A prime, so that each step through the table reaches every entry.
    static let entryCount = 65_537

    private let entries: ContiguousArray<UInt16>

    private struct Server {
        var next: Int
        let skip: Int
        let weight: Double
        /// The turns after which it takes its next entry.
        var due = 0.0

        /// The next entry in its order that is free; there must be one.
        mutating func takeFree(_ entries: ContiguousArray<Int32>) -> Int {
            while entries[next] >= 0 { step() }
            defer { step() }
            return next
        }

        private mutating func step() { next = (next + skip) % MaglevTable.entryCount }
    }

    /// There must be a name; only the first 65,536 take part.
    init(names: [String], weights: [Int]) {
        var servers = zip(names, weights).prefix(Int(UInt16.max) + 1).map { name, weight in
            Self.server(name, Double(weight) / Double(weights.max() ?? 1))
        }
        var entries = ContiguousArray<Int32>(repeating: -1, count: Self.entryCount)
        var free = servers.isEmpty ? 0 : entries.count
        var turn = 0.0
        while free > 0 {
            turn += 1
            for index in servers.indices where free > 0 && turn * servers[index].weight > servers[index].due {
                servers[index].due += 1
                entries[servers[index].takeFree(entries)] = Int32(index)
                free -= 1
            }
        }
        self.entries = ContiguousArray(entries.map { UInt16(truncatingIfNeeded: $0) })
    }

    private static func server(_ name: String, _ weight: Double) -> Server {
        let hash = KeyHash.xxh3.hash(Array(name.utf8).span)
        let other = SmallGenerator.scattered(hash)
        return Server(
            next: Int(hash % UInt64(entryCount)), skip: Int(other % UInt64(entryCount - 1)) + 1, weight: weight)
    }

    /// The index of a hash's server.
    func server(at hash: UInt64) -> Int { Int(entries[Int(hash % UInt64(Self.entryCount))]) }

    /// The part of all hashes that each of `count` servers has.
    func shares(of count: Int) -> [Double] {
        var found = [Double](repeating: 0, count: count)
        for server in entries { found[Int(server)] += 1 / Double(Self.entryCount) }
        return found
    }
}
