// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The wishes that the sidecar ends, from signals and from the API.
final class ShutdownRequest: Sendable {
    enum Manner: Sendable {
        case graceful
        /// At once, also when a graceful shutdown has begun: that one may be what takes too long.
        case forced
    }

    /// In the order in which they came. One task may wait.
    let wishes: AsyncStream<Manner>
    private let continuation: AsyncStream<Manner>.Continuation

    /// The newest few are kept: a forced one isn't lost behind others.
    init() { (wishes, continuation) = AsyncStream.makeStream(of: Manner.self, bufferingPolicy: .bufferingNewest(4)) }

    func request(_ manner: Manner = .graceful) { continuation.yield(manner) }
}

/// Ends the process without running anything more, as a second signal and a forced shutdown ask.
func exitAtOnce(_ status: Int32) -> Never { _exit(status) }

/// This process's id.
func processID() -> Int32 { getpid() }
