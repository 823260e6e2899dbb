// SPDX-License-Identifier: Apache-2.0

import HTTPAPI
import ServiceLifecycle
import Sidecar
import Synchronization

/// The app's life as a service: the sidecar lives as long as the app, and the app ends before the sidecar does.
final class AppService: Service {
    let supervisor: Supervisor
    /// Waits for a moment in which nobody is being answered for whom the app may be needed.
    private let serving: @Sendable () async -> Void
    private let health: HealthState
    private let grace: Duration
    /// Called when the app has ended for good.
    private let onEnd: @Sendable () -> Void
    private let state = Mutex((exit: AppExit.code(0), stopSignal: Signal.terminate))

    init(
        supervisor: Supervisor, serving: @escaping @Sendable () async -> Void, health: HealthState, grace: Duration,
        onEnd: @escaping @Sendable () -> Void
    ) {
        self.supervisor = supervisor
        self.serving = serving
        self.health = health
        self.grace = grace
        self.onEnd = onEnd
    }

    /// The status with which the process ends: the app's own.
    var exitStatus: Int32 { state.withLock { $0.exit.processStatus } }

    /// What the app is ended with: the signal that the sidecar itself got.
    var stopSignal: Signal {
        get { state.withLock { $0.stopSignal } }
        set { state.withLock { $0.stopSignal = newValue } }
    }

    func run() async throws {
        let exit = try await withGracefulShutdownHandler {
            try await supervisor.run()
        } onGracefulShutdown: { [self] in
            health.beginDraining()
            Task { await drainThenStop() }
        }
        health.beginDraining()
        state.withLock { $0.exit = exit }
        onEnd()
        // A sidecar without an app of its own lets its callers finish too.
        await drain()
    }

    private func drainThenStop() async {
        await drain()
        supervisor.stop(with: stopSignal)
    }

    /// Waits for the requests that are in flight, but no longer than the grace period.
    private func drain() async {
        let serving = serving
        _ = try? await withDeadline(grace) { await serving() }
    }
}
