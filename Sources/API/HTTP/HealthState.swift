// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How far the sidecar is. Runtime owns and changes it; the API and the admin listener read it.
package final class HealthState: Sendable {
    private let outbound = Atomic(false)
    private let app = Atomic(false)
    private let draining = Atomic(false)
    private let observers = Mutex<[@Sendable () -> Void]>([])

    package init() {}

    /// The building blocks can be used. This comes before the app is up, because the app may wait for it.
    package var isOutboundReady: Bool { outbound.load(ordering: .acquiring) }

    /// The app is up, or there is none.
    package var isAppReady: Bool { app.load(ordering: .acquiring) }

    /// A shutdown has begun; requests are still answered.
    package var isDraining: Bool { draining.load(ordering: .acquiring) }

    package var isReady: Bool { isOutboundReady && isAppReady && !isDraining }

    package func setOutboundReady(_ isReady: Bool) { outbound.store(isReady, ordering: .releasing) }

    package func setAppReady(_ isReady: Bool) {
        app.store(isReady, ordering: .releasing)
        for observer in observers.withLock({ $0 }) { observer() }
    }

    /// Calls `observer` whenever the app may have become ready, or may have ended.
    package func observeApp(_ observer: @escaping @Sendable () -> Void) {
        observers.withLock { $0.append(observer) }
    }
    package func beginDraining() { draining.store(true, ordering: .releasing) }

    /// What keeps the sidecar from being ready.
    package var unreadyParts: [String] {
        var parts: [String] = []
        if !isOutboundReady { parts.append("outbound") }
        if !isAppReady { parts.append("app") }
        if isDraining { parts.append("shutdown") }
        return parts
    }
}
