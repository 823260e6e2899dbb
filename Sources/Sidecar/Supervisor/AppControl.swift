// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// What is known of the app, and what is wished of it: what a supervisor's `run` shares with those who stop, kill or
/// signal the app meanwhile.
final class AppControl: Sendable {
    private struct Contents {
        var state = Supervisor.State()
        var child: ChildProcess?
        /// The app that has ended while others of its group haven't yet.
        var leader: ChildProcess?
        var stopSignal = Signal.terminate
        var isKilling = false
    }

    /// Whether and when the app is to stop, for those who wait for that.
    let stopRequest = StopRequest()
    private let contents = Mutex(Contents())

    var state: Supervisor.State { contents.withLock { $0.state } }

    var isListening: Bool {
        get { state.isListening }
        set { contents.withLock { $0.state.isListening = newValue } }
    }

    // MARK: - What becomes of the app

    func started(_ child: ChildProcess) {
        contents.withLock { contents in
            contents.child = child
            contents.state.pid = child.pid
            // A kill that came while the app was being started found no child.
            if contents.isKilling { child.signal(SIGKILL) }
        }
    }

    /// The app has ended; whether it had listened.
    func exited() -> Bool {
        contents.withLock { contents in
            defer {
                contents.child = nil
                contents.state.pid = nil
                contents.state.isListening = false
            }
            return contents.state.isListening
        }
    }

    /// The app has ended, and others of its group are being ended; nil once they are.
    func endsSurvivors(of leader: ChildProcess?) { contents.withLock { $0.leader = leader } }

    func restarted() { contents.withLock { $0.state.restarts += 1 } }

    // MARK: - What is wished

    /// Has the app stop; who asks first chooses the signal.
    func stop(with signal: Signal) {
        contents.withLock { if !stopRequest.isMade { $0.stopSignal = signal } }
        stopRequest.make()
    }

    var stopSignal: Signal { contents.withLock { $0.stopSignal } }

    var isKilling: Bool { contents.withLock { $0.isKilling } }

    /// Ends the app and its group at once, now or as soon as it has started.
    func kill() {
        contents.withLock { contents in
            contents.isKilling = true
            contents.child?.signal(SIGKILL)
            contents.leader?.signalSurvivors(SIGKILL)
        }
        stopRequest.make()
    }

    func forward(_ signal: Signal) { contents.withLock { $0.child?.signal(signal.number) } }
}
