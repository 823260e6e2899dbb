// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The servers that were called of late, each with its connections; `Key` says which calls may share them.
package final class UpstreamCache<Key: Hashable & Sendable, Upstream: Sendable>: Sendable {
    /// Connections to so many sidecars and servers are kept.
    private static var upstreamsMax: Int { 256 }

    private let upstreams = Mutex<[Key: Upstream]>([:])
    private let closeIdle: @Sendable (Upstream) -> Void

    /// `closeIdle`: closes the connections of an upstream that is forgotten, as soon as nobody uses them.
    package init(closeIdle: @escaping @Sendable (Upstream) -> Void) { self.closeIdle = closeIdle }

    package func upstream(_ key: Key, _ make: () -> Upstream) -> Upstream {
        upstreams.withLock { upstreams in
            if let upstream = upstreams[key] { return upstream }
            if upstreams.count >= Self.upstreamsMax {
                upstreams.values.forEach(closeIdle)
                upstreams.removeAll()
            }
            let upstream = make()
            upstreams[key] = upstream
            return upstream
        }
    }
}
