// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying

extension PoolConfiguration {
    /// The servers, as one loop sees them.
    func makeServers(tls: TLSClient?, health: (any ShardHealth)?) -> [ShardServer] {
        servers.map { name, server in
            let made = ShardServer(
                name: name, address: server.address, timeout: TimeAmount(timeout),
                connectTimeout: TimeAmount(connectTimeout), keepalive: keepalive, tls: tls,
                replicaOf: server.replicaOf)
            made.health = health
            return made
        }
    }

    /// The ring of the servers that `lives` says so of. Replicas have no part of it, only an index.
    func makeRing(_ lives: (String) -> Bool) -> ServerRing {
        ServerRing(
            kind: ring, hash: hash, tag: hashTag,
            servers: servers.map { RingServer(name: $0.name, weight: $0.value.weight) },
            live: servers.map { $0.value.replicaOf == nil && lives($0.name) })
    }

    /// The hosts that are found by name.
    var hostNames: [String] { Set(servers.values.compactMap(\.address.hostName)).sorted() }
}
