// SPDX-License-Identifier: Apache-2.0

/// Highest random weight: each server draws a number for the key, and the highest wins.
///
/// With weights, u being the number that was drawn as a fraction, the lowest of -ln(u) / weight wins, which gives each
/// server its part exactly. The logarithm is a series of our own: a library's may differ in its last bit from one
/// machine to the next, and a key would move.
@usableFromInline
struct Rendezvous: Sendable {
    struct Candidate: Sendable {
        let seed: UInt64
        let weight: Double
        let server: Int
    }

    private let candidates: [Candidate]
    private let hasWeights: Bool

    init(_ servers: [RingServer], live: [Int]) {
        candidates = live.map { server in
            let name = Array(servers[server].name.utf8)
            return Candidate(
                seed: XXH3.hash(name.span), weight: Double(servers[server].weight), server: server)
        }
        hasWeights = Set(live.map { servers[$0].weight }).count > 1
    }

    /// The server of a hash, or -1 without any. Of equal ones the first wins.
    @usableFromInline
    func server(of hash: UInt64) -> Int { hasWeights ? weighted(hash) : unweighted(hash) }

    private func unweighted(_ hash: UInt64) -> Int {
        var best = (server: -1, draw: UInt64(0))
        for candidate in candidates {
            let draw = SmallGenerator.scattered(hash ^ candidate.seed)
            if draw > best.draw || best.server < 0 { best = (candidate.server, draw) }
        }
        return best.server
    }

    private func weighted(_ hash: UInt64) -> Int {
        var best = (server: -1, cost: Double.infinity)
        for candidate in candidates {
            let draw = SmallGenerator.scattered(hash ^ candidate.seed)
            let cost = Self.negativeLogarithm(draw) / candidate.weight
            if cost < best.cost { best = (candidate.server, cost) }
        }
        return best.server
    }

    /// -ln(u), where u is the first 53 bits of the draw as a fraction of 1, made of operations that IEEE 754 defines to
    /// the last bit.
    static func negativeLogarithm(_ draw: UInt64) -> Double {
        // 53 bits are what a Double holds exactly.
        let number = Double(draw >> 11) + 0.5
        var exponent = Double(number.exponent) - 53
        var fraction = number.significand
        if fraction > 1.414_213_562_373_095 {
            fraction /= 2
            exponent += 1
        }
        // ln(f) = 2 (t + t³/3 + t⁵/5 + …) with t = (f - 1) / (f + 1), which is at most 0.172 here.
        let t = (fraction - 1) / (fraction + 1)
        let square = t * t
        var series = 1.0 / 15
        series = series * square + 1.0 / 13
        series = series * square + 1.0 / 11
        series = series * square + 1.0 / 9
        series = series * square + 1.0 / 7
        series = series * square + 1.0 / 5
        series = series * square + 1.0 / 3
        series = series * square + 1
        return -(exponent * 0.693_147_180_559_945_3 + 2 * t * series)
    }
}
