// SPDX-License-Identifier: Apache-2.0

/// Decides what follows the end of an app: nothing, another start after a wait, or giving up.
///
/// It knows neither a clock nor a process, so that a table of events and actions tests it.
package struct RestartStateMachine: Sendable {
    package enum Event: Sendable, Hashable {
        /// The app ended by itself after it had run for some time.
        case exited(AppExit, after: Duration)
        /// Somebody wants the app to end; whatever its exit is, it is the last.
        case stopRequested
    }

    package enum Action: Sendable, Hashable {
        case finish(AppExit)
        case restart(after: Duration)
        /// As `finish`, because the limit of restarts in a row is reached.
        case giveUp(AppExit)
        case nothing
    }

    /// Restarts since the app was last stable.
    package private(set) var restartsInRow = 0
    private let configuration: RestartConfiguration
    private var isStopping = false

    package init(_ configuration: RestartConfiguration) { self.configuration = configuration }

    package mutating func handle(_ event: Event) -> Action {
        switch event {
        case .stopRequested:
            isStopping = true
            return .nothing
        case .exited(let exit, let duration):
            guard !isStopping, isRestarted(exit) else { return .finish(exit) }
            if duration >= configuration.stableAfter { restartsInRow = 0 }
            guard restartsInRow < configuration.limit else { return .giveUp(exit) }
            restartsInRow += 1
            return .restart(after: backoff(before: restartsInRow))
        }
    }

    private func isRestarted(_ exit: AppExit) -> Bool {
        switch configuration.policy {
        case .never: false
        case .onFailure: exit.isFailure
        case .always: true
        }
    }

    /// The first wait is `backoff`; each further one is twice the one before, up to `backoffMax`.
    private func backoff(before restart: Int) -> Duration {
        var wait = configuration.backoff
        for _ in 1..<max(restart, 1) {
            guard wait > .zero, wait < configuration.backoffMax else { break }
            wait *= 2
        }
        return min(wait, configuration.backoffMax)
    }
}
