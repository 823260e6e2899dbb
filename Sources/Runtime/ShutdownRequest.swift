// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The wish that the sidecar ends, from a signal or from the API; the first one counts.
final class ShutdownRequest: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1)) }

    func request() { continuation.finish() }

    /// Returns when somebody has asked, or when the task is cancelled. One task may wait.
    func requested() async {
        for await _ in stream {}
    }
}

/// Ends the process without running anything more, as a second signal and a forced shutdown ask.
func exitAtOnce(_ status: Int32) -> Never { _exit(status) }

/// This process's id.
func processID() -> Int32 { getpid() }
