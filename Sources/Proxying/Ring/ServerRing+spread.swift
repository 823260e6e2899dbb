// SPDX-License-Identifier: Apache-2.0

/// How many keys of a pattern each server got.
package struct KeySpread: Sendable {
    package let pattern: KeyPattern
    /// By the index of the server.
    package let keys: [Int]

    package var total: Int { keys.reduce(0, +) }
}

extension ServerRing {
    /// The keys of each pattern that a ring is measured with: few, because it is few keys that a weak hash bunches.
    package static let sampleKeys = 500
    /// The part above its weight's share from which a server counts as overloaded, beside what chance explains.
    private static let tolerance = 0.3
    /// Standard deviations that chance may explain.
    private static let chance = 4.0

    /// The share of all hashes that each server owns, by its index.
    ///
    /// It says what the ring does to hashes that are spread evenly; what keys become, `spread` measures.
    package func shares() -> [Double] {
        var shares = [Double](repeating: 0, count: servers.count)
        switch kind {
        case .ketama where decided == nil:
            // Each point owns what lies between it and the one before; the first one also what lies behind the last.
            var before = points.lastPosition
            for point in points.points {
                // Safe: the line is a circle of 2^32 positions.
                shares[Int(point.server)] += Double(point.position &- before) / 4_294_967_296
                before = point.position
            }
        case .random:
            let members = Double(live.count { $0 })
            for server in servers.indices where live[server] { shares[server] = 1 / members }
        default: shares = weightShares
        }
        return shares
    }

    /// The share that each server should have by its weight.
    package var weightShares: [Double] {
        let total = servers.indices.reduce(0.0) { $0 + (live[$1] ? Double(servers[$1].weight) : 0) }
        return servers.indices.map { live[$0] ? Double(servers[$0].weight) / total : 0 }
    }

    /// Where the first `count` keys of a pattern live. Keys without a server aren't counted.
    package func spread(of pattern: KeyPattern, keys count: Int = ServerRing.sampleKeys) -> KeySpread {
        var random = SmallGenerator(seed: 0)
        var keys = [Int](repeating: 0, count: servers.count)
        for number in 0..<count {
            let key = Array(pattern.key(number).utf8)
            let server = server(for: key.span, random: &random)
            if server >= 0 { keys[server] += 1 }
        }
        return KeySpread(pattern: pattern, keys: keys)
    }

    /// The worst spread of a usual pattern if a server gets clearly more than its weight's share of it; nil if all is
    /// well. `random` spreads whatever the keys are.
    package func skew() -> KeySpread? {
        guard decided == nil, kind != .random else { return nil }
        let expected = weightShares.map { $0 * Double(Self.sampleKeys) }
        func excess(_ spread: KeySpread) -> Double {
            zip(spread.keys, expected).map { keys, expected in
                Double(keys) - expected * (1 + Self.tolerance) - Self.chance * expected.squareRoot()
            }.max() ?? 0
        }
        let worst = KeyPattern.allCases.map { spread(of: $0) }.max { excess($0) < excess($1) }
        return worst.flatMap { excess($0) > 0 ? $0 : nil }
    }
}
