// SPDX-License-Identifier: Apache-2.0

/// The endpoints that requests are given to, made ready for the kind of balance. It is made when an endpoint comes,
/// goes or changes its share, so that a choice is short.
struct EndpointChoice {
    let kind: BalanceKind
    let members: ContiguousArray<Endpoint>
    /// How many times the smallest share each has; empty if all have the same.
    private let multiples: ContiguousArray<Double>
    private let draw: WeightedDraw
    private var robin: SmoothRoundRobin
    private let ring: ServerRing?
    private let table: MaglevTable?

    /// - Parameters:
    ///   - shares: those of the members, in thousandths of a weight of 1.
    ///   - before: what it takes the place of: a round goes on where it was.
    init(_ kind: BalanceKind, _ members: ContiguousArray<Endpoint>, shares: [Int], before: EndpointChoice? = nil) {
        self.kind = kind
        self.members = members
        let smallest = max(1, shares.min() ?? 1)
        let isEven = shares.allSatisfy { $0 == smallest }
        multiples = isEven ? [] : ContiguousArray(shares.map { Double($0) / Double(smallest) })
        draw = WeightedDraw(kind.isByHash ? [] : shares)
        robin = SmoothRoundRobin(
            kind == .roundRobin ? shares : [], places: before.map { $0.places(of: members) } ?? [])
        ring = kind == .ringHash ? Self.ring(members) : nil
        table = kind == .maglev ? MaglevTable(names: members.map(\.ringName), weights: members.map(\.weight)) : nil
    }

    private static func ring(_ members: ContiguousArray<Endpoint>) -> ServerRing {
        ServerRing(
            kind: .ketama, hash: .xxh3,
            servers: members.map { RingServer(name: $0.ringName, weight: $0.weight) })
    }

    /// Where each of these endpoints is in the round; 0 for one that isn't in it.
    private func places(of endpoints: ContiguousArray<Endpoint>) -> [Int] {
        guard kind == .roundRobin else { return [] }
        let places = Dictionary(uniqueKeysWithValues: zip(members.map { ObjectIdentifier($0) }, robin.places))
        return endpoints.map { places[ObjectIdentifier($0)] ?? 0 }
    }

    // MARK: One request

    mutating func choose(
        hash: UInt64, now: Int64, avoiding: Endpoint?, _ random: inout SmallGenerator
    ) -> Endpoint? {
        guard members.count > 1 else { return members.first }
        let index =
            switch kind {
            case .roundRobin: robin.next()
            case .leastRequest: lessLoaded(&random)
            case .ewma: sooner(now, &random)
            case .ringHash: ring?.server(at: hash) ?? 0
            case .maglev: table?.server(at: hash) ?? 0
            case .random: draw.next(&random)
            }
        let chosen = members[index]
        guard let avoiding, chosen === avoiding else { return chosen }
        // By hash, the second choice of a key is always the same, too.
        let number = kind.isByHash ? SmallGenerator.scattered(hash) : random.next()
        let other = Int(number % UInt64(members.count - 1))
        return members[other < index ? other : other + 1]
    }

    /// The less loaded of two. Loads are compared in whole multiples of the smallest share: an endpoint with nine times
    /// the weight isn't loaded by one request, so that weights hold even when there is little to do. Of equal loads the
    /// one that was drawn first wins.
    private func lessLoaded(_ random: inout SmallGenerator) -> Int {
        let (first, second) = draw.nextTwo(&random)
        return load(second) < load(first) ? second : first
    }

    private func load(_ index: Int) -> Int {
        let inFlight = members[index].inFlight
        return multiples.isEmpty ? inFlight : Int(Double(inFlight) / multiples[index])
    }

    /// The one of two whose latency, for all that is in flight there and one more, is less.
    private func sooner(_ now: Int64, _ random: inout SmallGenerator) -> Int {
        let (first, second) = draw.nextTwo(&random)
        return wait(second, now) < wait(first, now) ? second : first
    }

    private func wait(_ index: Int, _ now: Int64) -> Double {
        members[index].latency.wait(behind: load(index), at: now)
    }

    // MARK: For readers

    /// The part of all requests that each member should get, by its index.
    var shares: [Double] {
        if members.count == 1 { return [1] }
        if let ring { return ring.shares() }
        if let table { return table.shares(of: members.count) }
        let weights = multiples.isEmpty ? members.map { _ in 1.0 } : Array(multiples)
        let total = weights.reduce(0, +)
        return weights.map { $0 / total }
    }
}
