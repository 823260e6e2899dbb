// SPDX-License-Identifier: Apache-2.0

/// Whose turn it is in a split that isn't sticky. A loop keeps one for each route, and begins a new one when the
/// weights change.
struct SplitSequence: Sendable {
    private var credits: ContiguousArray<Int> = []

    init() {}

    /// Each earns its weight at every turn; the richest is next, and pays what all have earned.
    mutating func next(_ weights: [Int], total: Int) -> Int {
        if credits.count != weights.count { credits = ContiguousArray(repeating: 0, count: weights.count) }
        var best = 0
        for index in weights.indices {
            credits[index] += weights[index]
            if credits[index] > credits[best] { best = index }
        }
        credits[best] -= total
        return best
    }
}
