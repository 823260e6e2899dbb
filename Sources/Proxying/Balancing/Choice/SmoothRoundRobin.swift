// SPDX-License-Identifier: Apache-2.0

/// Indexes in turn, each as often as its weight says and spread over the round: for 5, 1, 1 it is a a b a c a a.
///
/// Each turn all gain their weight, whoever has most is next, and loses the weight of all.
struct SmoothRoundRobin {
    private struct Runner {
        var weight: Int
        var place: Int
    }

    private var runners: ContiguousArray<Runner>
    private let total: Int
    private let isEven: Bool
    private var turn: Int

    /// - Parameter places: where each index was before a change of the weights, if it was there.
    init(_ weights: [Int], places: [Int] = []) {
        let places = places.count == weights.count ? places : weights.map { _ in 0 }
        runners = ContiguousArray(zip(weights, places).map { Runner(weight: $0, place: $1) })
        total = weights.reduce(0, +)
        isEven = weights.allSatisfy { $0 == weights[0] }
        // Equal weights need no places but the next one's.
        turn = isEven ? places.indices.max { places[$0] < places[$1] } ?? 0 : 0
    }

    /// There must be a weight.
    mutating func next() -> Int {
        guard !isEven else {
            defer { turn = turn + 1 == runners.count ? 0 : turn + 1 }
            return turn
        }
        let whole = total
        var runners = runners.mutableSpan
        var best = (index: 0, place: Int.min)
        for index in runners.indices {
            let place = runners[index].place + runners[index].weight
            runners[index].place = place
            if place > best.place { best = (index, place) }
        }
        runners[best.index].place -= whole
        return best.index
    }

    /// Where each index is, for a round with other weights to go on from.
    var places: [Int] {
        guard isEven else { return runners.map(\.place) }
        // Whose turn comes sooner stands higher.
        return runners.indices.map { index in
            runners[index].weight * ((turn - index + runners.count - 1) % runners.count - runners.count / 2)
        }
    }
}
