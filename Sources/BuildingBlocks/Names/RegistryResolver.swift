// SPDX-License-Identifier: Apache-2.0

import Core
import Synchronization

/// Finds sidecars in the registry of this machine. What was found holds for a second, so that a call doesn't cost a
/// look at the registry.
package final class RegistryResolver: NameResolver {
    private static let lifetime = Duration.seconds(1)

    private struct Found {
        var peers: [String: [SidecarPeer]]
        var time: ContinuousClock.Instant
    }

    private let registry: any NameRegistry
    /// By namespace; there are as many as apps name.
    private let found = Mutex<[String: Found]>([:])
    private static let namespacesMax = 64

    package init(_ registry: any NameRegistry) { self.registry = registry }

    package func resolve(_ appID: String, namespace: String, isFresh: Bool) async throws -> [SidecarPeer] {
        if !isFresh, let peers = known(appID, namespace) { return peers }
        let records = try await registry.sidecars(inNamespace: namespace)
        let peers = Dictionary(grouping: records.compactMap { record in record.peer.map { (record.appID, $0) } }) {
            $0.0
        }
        .mapValues { $0.map(\.1) }
        found.withLock { found in
            if found.count >= Self.namespacesMax { found = [:] }
            found[namespace] = Found(peers: peers, time: .now)
        }
        return peers[appID] ?? []
    }

    /// An app that isn't known is looked for each time, because it may just have started.
    private func known(_ appID: String, _ namespace: String) -> [SidecarPeer]? {
        found.withLock { found in
            guard let kept = found[namespace], .now - kept.time < Self.lifetime else { return nil }
            return kept.peers[appID]
        }
    }
}

extension SidecarRecord {
    /// How the sidecar is called; nil for one without an internal listener.
    fileprivate var peer: SidecarPeer? {
        guard let internalAddress, let secret, let address = ListenAddress(text: internalAddress) else { return nil }
        return SidecarPeer(id: id, address: address, secret: secret)
    }
}
