// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying

/// One connection to each server of a pool, by the server's index. Which ones they are changes with the servers.
final class ShardLane {
    let opening: ShardOpening
    fileprivate(set) var connections: [ShardConnection] = []

    init(_ opening: ShardOpening, _ connections: [ShardConnection] = []) {
        self.opening = opening
        self.connections = connections
    }
}

/// A pool's servers on one event loop, and the connections to them.
final class ShardSet {
    let pool: PoolLoop
    let language: ReplyFraming.Language
    private(set) var servers: [ShardServer]
    private(set) var counters: [ServerCounters]
    private var lanes: [ShardLane] = []
    private var probes: [String: ShardProbe] = [:]

    init(_ servers: [ShardServer], language: ReplyFraming.Language, pool: PoolLoop) {
        self.servers = servers
        self.language = language
        self.pool = pool
        counters = servers.map { _ in ServerCounters() }
    }

    /// Connections that begin with `opening`; they are opened when they are used.
    func makeLane(_ opening: ShardOpening) -> ShardLane {
        let lane = ShardLane(opening)
        lane.connections = servers.indices.map { connection(to: $0, opening) }
        lanes.append(lane)
        return lane
    }

    private func connection(to server: Int, _ opening: ShardOpening) -> ShardConnection {
        ShardConnection(
            server: servers[server], language: language, opening: opening, loop: pool, counters: counters[server])
    }

    /// What has been counted of the servers, which have their parts of `ring`.
    func snapshot(_ ring: ServerRing) -> [PoolSnapshot.Server] {
        let shares = ring.shares()
        var snapshots = servers.indices.map { index in
            PoolSnapshot.Server(
                name: servers[index].name, address: servers[index].addressText, weight: ring.servers[index].weight,
                replicaOf: servers[index].replicaOf,
                isLive: ring.live[index], share: shares[index], counters: counters[index].sum)
        }
        for lane in lanes {
            for (index, connection) in lane.connections.enumerated() {
                connection.addWaiting(to: &snapshots[index].counters)
            }
        }
        return snapshots
    }

    func close() {
        for lane in lanes {
            for connection in lane.connections { connection.close() }
        }
        for probe in probes.values { probe.close() }
    }

    // MARK: Servers that change

    /// Has the pool's servers be `changed`, with their indexes. A server that stays where it was keeps its connections;
    /// those of the others end when their replies are in.
    func change(to changed: [ShardServer]) {
        let (servers, counters) = (servers, counters)
        let kept = changed.map { new in servers.firstIndex { $0.name == new.name && $0.address == new.address } }
        self.servers = zip(changed, kept).map { new, index in Self.merged(new, index, servers) }
        self.counters = changed.map { new in
            // A server that moved is counted on.
            servers.firstIndex { $0.name == new.name }.map { counters[$0] } ?? ServerCounters()
        }
        for lane in lanes { change(lane, keeping: kept) }
    }

    private static func merged(_ new: ShardServer, _ index: Int?, _ servers: [ShardServer]) -> ShardServer {
        guard let index else { return new }
        servers[index].take(new)
        return servers[index]
    }

    /// `kept` is where each connection comes from, or nil for a new one.
    private func change(_ lane: ShardLane, keeping kept: [Int?]) {
        let before = lane.connections
        var connections: [ShardConnection] = []
        for (index, old) in kept.enumerated() {
            if let old {
                connections.append(before[old])
            } else {
                connections.append(connection(to: index, lane.opening))
            }
        }
        lane.connections = connections
        for (index, old) in before.enumerated() where !kept.contains(index) { old.retire() }
    }

    /// The name of these servers' host leads to `addresses` now: connections to others are replaced.
    func moved(_ host: String, to addresses: Set<String>) {
        for index in servers.indices where servers[index].address.hostName == host {
            for lane in lanes where !lane.connections[index].leads(to: addresses) {
                let old = lane.connections[index]
                lane.connections[index] = connection(to: index, lane.opening)
                old.retire()
            }
        }
    }

    /// A server that was left alone is used again: nothing waits for a pause that has lost its reason.
    func resume(_ name: String) {
        guard let index = servers.firstIndex(where: { $0.name == name }) else { return }
        for lane in lanes { lane.connections[index].resume() }
    }

    /// Asks a server whether it is well, on a connection of its own that says `opening`.
    func probe(_ name: String, _ opening: ShardOpening, _ completed: @escaping (Bool) -> Void) {
        guard let server = servers.first(where: { $0.name == name }) else { return completed(false) }
        probes[name]?.close()
        let probe = ShardProbe(server, opening: opening, language: language, pool: pool) { [weak self] isWell in
            self?.probes[name] = nil
            completed(isWell)
        }
        probes[name] = probe
        probe.start()
    }
}
