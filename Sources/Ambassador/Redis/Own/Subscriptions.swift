// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a client has subscribed to, where, and what it is told about it.
///
/// A channel lives on a server as a key does, for that is where it is published to; a pattern is subscribed to on all
/// servers. A client is answered when all servers have confirmed: one confirmation for each name, in the order of the
/// names, with its own counts.
struct Subscriptions {
    typealias Name = [UInt8]
    /// A server's name, for its place may change.
    typealias Server = String

    enum Kind: Int, CaseIterable {
        case channel, pattern, shard

        var subscribe: String { ["subscribe", "psubscribe", "ssubscribe"][rawValue] }
        var unsubscribe: String { ["unsubscribe", "punsubscribe", "sunsubscribe"][rawValue] }
    }

    /// What one server has to be told.
    struct Request: Equatable {
        let server: Server
        var names: [Name]
    }

    /// A command that waits for the servers' confirmations.
    private struct Pending {
        let kind: Kind
        let isSubscribe: Bool
        let names: [Name]
        /// Those of `names` that weren't subscribed to before.
        var added: [Name] = []
        var outstanding: Int
    }

    /// The servers of each name.
    private var servers: [[Name: [Server]]] = [[:], [:], [:]]
    private var pending: Pending?

    var isEmpty: Bool { servers.allSatisfy(\.isEmpty) && pending == nil }
    /// Whether a subscription waits for confirmations.
    var isSubscribing: Bool { pending?.isSubscribe ?? false }

    /// Begins a subscription; `place` says on which servers a name lives.
    mutating func subscribe(_ kind: Kind, _ names: [Name], place: (Name) -> [Server]) -> [Request] {
        var pending = Pending(kind: kind, isSubscribe: true, names: names, outstanding: 0)
        var requests: [Request] = []
        for name in names where servers[kind.rawValue][name] == nil {
            let places = place(name)
            servers[kind.rawValue][name] = places
            pending.added.append(name)
            Self.add(name, on: places, to: &requests)
            pending.outstanding += places.count
        }
        self.pending = pending
        return requests
    }

    /// Begins to end subscriptions; no names are all of them.
    mutating func unsubscribe(_ kind: Kind, _ names: [Name]) -> [Request] {
        let names = names.isEmpty ? servers[kind.rawValue].keys.sorted { $0.lexicographicallyPrecedes($1) } : names
        var pending = Pending(kind: kind, isSubscribe: false, names: names, outstanding: 0)
        var requests: [Request] = []
        for name in Set(names) {
            guard let places = servers[kind.rawValue][name] else { continue }
            Self.add(name, on: places, to: &requests)
            pending.outstanding += places.count
        }
        self.pending = pending
        return requests
    }

    private static func add(_ name: Name, on servers: [Server], to requests: inout [Request]) {
        for server in servers {
            if let index = requests.firstIndex(where: { $0.server == server }) {
                requests[index].names.append(name)
            } else {
                requests.append(Request(server: server, names: [name]))
            }
        }
    }

    /// A server has confirmed one name, or can't any more. The reply, once nothing is missing.
    mutating func confirmed(_ count: Int = 1, pushes: Bool) -> ByteBuffer? {
        guard var pending else { return nil }
        pending.outstanding -= count
        self.pending = pending
        guard pending.outstanding <= 0 else { return nil }
        self.pending = nil
        return reply(to: pending, pushes: pushes)
    }

    /// A subscription has failed: what the servers that confirmed it are to be told.
    mutating func fail() -> (Kind, [Request]) {
        guard let pending, pending.isSubscribe else { return (.channel, []) }
        self.pending = nil
        var requests: [Request] = []
        for name in pending.added {
            Self.add(name, on: servers[pending.kind.rawValue].removeValue(forKey: name) ?? [], to: &requests)
        }
        return (pending.kind, requests)
    }

    /// Has every name live where `place` says from now on: what the servers are to be told, of each kind.
    mutating func move(
        place: (Name, Kind) -> [Server]
    ) -> [(kind: Kind, begun: [Request], ended: [Request])] {
        Kind.allCases.map { kind in
            var (begun, ended): ([Request], [Request]) = ([], [])
            for (name, old) in servers[kind.rawValue] {
                let new = place(name, kind)
                Self.add(name, on: new.filter { !old.contains($0) }, to: &begun)
                Self.add(name, on: old.filter { !new.contains($0) }, to: &ended)
                servers[kind.rawValue][name] = new
            }
            return (kind, begun, ended)
        }
    }

    /// The names on one server, for when it has to be told anew.
    func names(_ kind: Kind, on server: Server) -> [Name] {
        servers[kind.rawValue].filter { $0.value.contains(server) }.map(\.key)
    }

    func count(on server: Server) -> Int { Kind.allCases.reduce(0) { $0 + names($1, on: server).count } }

    // MARK: Replies

    private mutating func reply(to pending: Pending, pushes: Bool) -> ByteBuffer {
        var reply = ByteBuffer()
        let word = pending.isSubscribe ? pending.kind.subscribe : pending.kind.unsubscribe
        // The counts are those that there would be one name after the other.
        var counted = servers
        for name in pending.added { counted[pending.kind.rawValue][name] = nil }
        for name in pending.names {
            counted[pending.kind.rawValue][name] =
                pending.isSubscribe ? servers[pending.kind.rawValue][name] ?? [] : nil
            Self.write(word, name, Self.count(pending.kind, counted), pushes: pushes, into: &reply)
        }
        servers = counted
        if pending.names.isEmpty {
            Self.write(word, nil, Self.count(pending.kind, counted), pushes: pushes, into: &reply)
        }
        return reply
    }

    /// Channels and patterns are counted together, channels of shards apart, as Redis does.
    private static func count(_ kind: Kind, _ servers: [[Name: [Server]]]) -> Int {
        kind == .shard
            ? servers[Kind.shard.rawValue].count
            : servers[Kind.channel.rawValue].count + servers[Kind.pattern.rawValue].count
    }

    private static func write(_ word: String, _ name: Name?, _ count: Int, pushes: Bool, into reply: inout ByteBuffer) {
        reply.writeString("\(pushes ? ">" : "*")3\r\n$\(word.utf8.count)\r\n\(word)\r\n")
        if let name {
            reply.writeString("$\(name.count)\r\n")
            reply.writeBytes(name)
            reply.writeString("\r\n")
        } else {
            reply.writeString(pushes ? "_\r\n" : "$-1\r\n")
        }
        reply.writeString(":\(count)\r\n")
    }
}
