// SPDX-License-Identifier: Apache-2.0

import Sidecar
import Synchronization

/// Who gets the signals of this process: until the sidecar serves, one that asks for an end ends the process at once,
/// as nothing has been promised to anybody; later the sidecar decides.
final class SignalWatch: Sendable {
    private let receiver = Mutex<(@Sendable (Signal) -> Void)?>(nil)

    init(_ signals: Signals) {
        // It lives as long as the process: there is always somebody who may be asked to end.
        Task { for await signal in signals { deliver(signal) } }
    }

    /// Gives every later signal to `receiver`.
    func hand(to receiver: @escaping @Sendable (Signal) -> Void) {
        self.receiver.withLock { $0 = receiver }
    }

    private func deliver(_ signal: Signal) {
        if let receiver = receiver.withLock({ $0 }) { return receiver(signal) }
        if signal.beginsShutdown { exitAtOnce(128 + signal.number) }
    }
}
