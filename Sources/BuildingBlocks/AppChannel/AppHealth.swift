// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import Proxying
import Synchronization
import WireHTTP

/// Whether the app answers its health check. It counts as unhealthy until it first does; then so many failures in a row
/// change it, and one success changes it back.
package final class AppHealth: Sendable {
    package struct Check: Sendable, Equatable {
        package var path = "/healthz"
        package var interval = Duration.seconds(5)
        package var timeout = Duration.milliseconds(500)
        /// Failures in a row that make an app unhealthy.
        package var threshold = 3

        package init() {}
    }

    private struct State {
        var isHealthy = false
        var failures = 0
        var observers: [@Sendable (Bool) async -> Void] = []
    }

    private let check: Check
    private let upstream: HTTPUpstream
    private let state = Mutex(State())

    package init(_ check: Check, _ upstream: HTTPUpstream) {
        self.check = check
        self.upstream = upstream
    }

    package var isHealthy: Bool { state.withLock { $0.isHealthy } }

    /// Calls `observer` at each change, one call after the other.
    package func observe(_ observer: @escaping @Sendable (Bool) async -> Void) {
        state.withLock { $0.observers.append(observer) }
    }

    /// Asks the app until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await note(isSuccess: await probe())
            do { try await Task.sleep(for: check.interval) } catch { return }
        }
    }

    private func probe() async -> Bool {
        let timeout = TimeAmount.nanoseconds(Int64(check.timeout / .nanoseconds(1)))
        let response = try? await upstream.send(HTTPRequest(HTTPRequestHead(.get, check.path)), within: timeout)
        return response?.head.status.isSuccess ?? false
    }

    private func note(isSuccess: Bool) async {
        let change = state.withLock { state -> (Bool, [@Sendable (Bool) async -> Void])? in
            state.failures = isSuccess ? 0 : state.failures + 1
            let isHealthy = isSuccess || (state.isHealthy && state.failures < check.threshold)
            guard isHealthy != state.isHealthy else { return nil }
            state.isHealthy = isHealthy
            return (isHealthy, state.observers)
        }
        guard let (isHealthy, observers) = change else { return }
        for observer in observers { await observer(isHealthy) }
    }
}
