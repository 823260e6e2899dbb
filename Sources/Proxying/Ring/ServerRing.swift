// SPDX-License-Identifier: Apache-2.0

/// Which server a key lives on: an immutable picture of a pool's servers and which of them live.
package struct ServerRing: Sendable {
    package let kind: RingKind
    package let hash: KeyHash
    package let tag: HashTag?
    package let servers: [RingServer]
    /// Whether the server of each index takes part.
    package let live: [Bool]

    /// The answer where it depends on no key: -1 if no server lives, or the only one that does.
    @usableFromInline let decided: Int?
    @usableFromInline let points: RingPoints
    /// The places of `modula` and `random`.
    @usableFromInline let places: UInt32
    @usableFromInline let rendezvous: Rendezvous

    /// A ring of `servers`, of which those live whose `live` is true; without `live` all do. Weights are in
    /// `RingServer.weights`.
    package init(kind: RingKind, hash: KeyHash, tag: HashTag? = nil, servers: [RingServer], live: [Bool]? = nil) {
        self.kind = kind
        self.hash = hash
        self.tag = tag
        self.servers = servers
        let live = live ?? Array(repeating: true, count: servers.count)
        self.live = live
        let members = Self.order(of: servers).filter { live[$0] }
        decided = members.count > 1 ? nil : members.first ?? -1
        rendezvous = Rendezvous(servers, live: kind == .rendezvous ? members : [])
        switch kind {
        case .ketama: points = .ketama(servers, live: members)
        case .modula: points = .places(members) { servers[$0].weight }
        case .random: points = .places(members) { _ in 1 }
        case .rendezvous: points = .places([]) { _ in 1 }
        }
        places = UInt32(clamping: UInt64(points.lastPosition) + 1)
    }

    /// The index in `servers` of the server that the key lives on, or -1 if none lives. It doesn't allocate.
    @inlinable
    package func server(for key: Span<UInt8>, random: inout SmallGenerator) -> Int {
        if let decided { return decided }
        switch kind {
        case .ketama: return points.server(at: UInt32(truncatingIfNeeded: position(of: key)))
        case .modula: return points.server(at: UInt32(truncatingIfNeeded: position(of: key) % UInt64(places)))
        case .random: return points.server(at: random.next(below: places))
        case .rendezvous: return rendezvous.server(of: position(of: key))
        }
    }

    /// The same for a key of which the hash is known; not for `random`.
    package func server(at hash: UInt64) -> Int {
        if let decided { return decided }
        switch kind {
        case .ketama: return points.server(at: UInt32(truncatingIfNeeded: hash))
        case .modula: return points.server(at: UInt32(truncatingIfNeeded: hash % UInt64(places)))
        case .rendezvous: return rendezvous.server(of: hash)
        case .random: return -1
        }
    }

    /// The hash of the part of the key that counts. twemproxy gives an empty key 0 without asking the hash.
    @inlinable
    func position(of key: Span<UInt8>) -> UInt64 {
        guard key.count > 0 else { return 0 }
        guard let tag else { return hash.hash(key) }
        return hash.hash(key.extracting(tag.hashedPart(of: key)))
    }

    /// The order in which servers take their places, whatever order they are written in: twemproxy puts shorter names
    /// first, and compares the bytes of those that are equally long.
    private static func order(of servers: [RingServer]) -> [Int] {
        let names = servers.map { Array($0.name.utf8) }
        return servers.indices.sorted { a, b in
            names[a].count == names[b].count
                ? names[a].lexicographicallyPrecedes(names[b]) : names[a].count < names[b].count
        }
    }

    /// The same ring with other servers living.
    package func with(live: [Bool]) -> ServerRing {
        ServerRing(kind: kind, hash: hash, tag: tag, servers: servers, live: live)
    }
}
