// SPDX-License-Identifier: Apache-2.0

/// Draws an index by weight with one random number, however many there are (Vose's alias method): each column of a
/// table belongs to an index up to a height, and to another one above it.
struct WeightedDraw {
    private struct Column {
        /// In parts of 2^32.
        var height: UInt32
        var above: UInt32
    }

    private let count: UInt32
    /// Empty if all weights are equal.
    private let columns: ContiguousArray<Column>

    init(_ weights: [Int]) {
        count = UInt32(weights.count)
        let isEven = weights.allSatisfy { $0 == weights[0] }
        columns = isEven ? [] : Self.columns(weights)
    }

    private static func columns(_ weights: [Int]) -> ContiguousArray<Column> {
        let mean = Double(weights.reduce(0, +)) / Double(weights.count)
        var heights = weights.map { Double($0) / mean }
        var columns = ContiguousArray(weights.indices.map { Column(height: .max, above: UInt32($0)) })
        var low = weights.indices.filter { heights[$0] < 1 }
        var high = weights.indices.filter { heights[$0] >= 1 }
        while let small = low.popLast(), let large = high.popLast() {
            columns[small] = Column(height: UInt32(heights[small] * 4_294_967_295), above: UInt32(large))
            heights[large] -= 1 - heights[small]
            if heights[large] < 1 { low.append(large) } else { high.append(large) }
        }
        return columns
    }

    /// There must be a weight.
    func next(_ random: inout SmallGenerator) -> Int {
        let number = random.next()
        let index = UInt32(truncatingIfNeeded: ((number >> 32) * UInt64(count)) >> 32)
        guard !columns.isEmpty else { return Int(index) }
        let column = columns[Int(index)]
        return Int(UInt32(truncatingIfNeeded: number) <= column.height ? index : column.above)
    }

    /// Two indexes; of equal weights two different ones, for which there must be two weights.
    func nextTwo(_ random: inout SmallGenerator) -> (Int, Int) {
        guard columns.isEmpty else { return (next(&random), next(&random)) }
        let number = random.next()
        let first = ((number >> 32) * UInt64(count)) >> 32
        let second = ((number & 0xFFFF_FFFF) * UInt64(count - 1)) >> 32
        return (Int(first), Int(second < first ? second : second + 1))
    }
}
