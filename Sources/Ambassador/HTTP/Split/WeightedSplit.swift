// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import WireHTTP

/// Upstreams, each with its share of a route's requests.
///
/// Without stickiness the shares are exact: of every so many requests in a row as the weights add up to, each upstream
/// gets its weight, evenly spread (smooth weighted round robin).
///
/// With it a hash of what is sticky chooses, and nothing is remembered. Each upstream draws a number for each user, and
/// the one whose number is the lowest in proportion to its weight wins (rendezvous hashing). So a user stays while the
/// weights stay, whatever their order in the file, and a change moves only those whom it must: a weight that is raised
/// takes users and gives none away, one that is lowered gives and takes none; from 90:10 to 80:20 a tenth of all users
/// moves. A cookie that says the side would keep all who have one where they are, and so never reach 80:20.
final class WeightedSplit: Sendable {
    /// By name, as places among the proxy's upstreams.
    let upstreams: [Int]
    let names: [String]
    let weights: [Int]
    private let total: Int
    /// Where everything goes unless a client chooses; -1: there is a choice.
    private let only: Int
    /// What is looked at to make a choice that stays; nil: nothing.
    private let key: RequestKey?
    /// Whether the client's address makes the choice.
    let isByAddress: Bool
    private let override: PatternBytes.Place
    private let upstreamNames: [PatternBytes.Place]
    private let bytes: PatternBytes
    private let ring: ServerRing

    init(_ route: RouteConfiguration, upstreams all: [String]) {
        let shares = route.shares.filter { all.contains($0.name) }
        names = shares.map(\.name)
        upstreams = names.map { name in all.firstIndex(of: name) ?? 0 }
        weights = shares.map(\.value)
        total = weights.reduce(0, +)
        let live = weights.map { $0 > 0 }
        only = live.count { $0 } == 1 ? live.firstIndex(of: true) ?? -1 : -1
        var bytes = PatternBytes()
        key = RequestKey(route.sticky)
        isByAddress = key?.isAddress == true
        override = route.override.header.map { bytes.add($0.lowercased()) } ?? .none
        upstreamNames = names.map { bytes.add($0) }
        self.bytes = bytes
        ring = ServerRing(
            kind: .rendezvous, hash: .xxh3,
            servers: zip(names, weights).map { RingServer(name: $0, weight: max($1, 1)) }, live: live)
    }

    /// The place among the proxy's upstreams of the one that gets a request.
    ///
    /// - Parameters:
    ///   - address: a hash of the client's.
    ///   - sequence: whose turn it is, which the loop keeps for the route.
    @inline(__always)
    func choose(
        _ head: borrowing HTTPHeadScan, _ request: borrowing Span<UInt8>, address: UInt64,
        sequence: inout SplitSequence
    ) -> Int {
        if only >= 0, override.count == 0 { return upstreams[only] }
        return upstreams[chooseAmongAll(head, request, address, &sequence)]
    }

    private func chooseAmongAll(
        _ head: borrowing HTTPHeadScan, _ request: borrowing Span<UInt8>, _ address: UInt64,
        _ sequence: inout SplitSequence
    ) -> Int {
        if override.count > 0, let value = request.firstValue(of: override, bytes, in: head),
            let chosen = upstreamNames.firstIndex(where: { place in
                bytes.isSame(place, request, from: value.lowerBound, count: value.count)
            })
        {
            return chosen
        }
        if only >= 0 { return only }
        if let sticky = stickyChoice(head, request, address) { return sticky }
        return sequence.next(weights, total: total)
    }

    /// Nil if nothing is sticky, or the request doesn't say it.
    private func stickyChoice(
        _ head: borrowing HTTPHeadScan, _ request: borrowing Span<UInt8>, _ addressHash: UInt64
    ) -> Int? {
        guard let hash = key?.hash(of: head, request, addressHash: addressHash) else { return nil }
        return ring.server(at: hash)
    }
}
