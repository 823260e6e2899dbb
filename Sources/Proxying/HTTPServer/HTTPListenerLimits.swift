// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import WireHTTP

/// What one HTTP listener takes before it refuses.
package struct HTTPListenerLimits: Sendable {
    /// The longest line fits the longest key, percent-encoded (12 KiB).
    package var syntax = HTTPSyntaxLimits()
    /// Connections that are open at once; more wait in the backlog until one closes.
    package var connectionsMax = 4096
    /// Connections that the kernel keeps for us before they are accepted.
    package var backlog = 1024
    /// A connection that says nothing for this long between two requests, or within one, is closed; so is one that
    /// takes nothing of an answer.
    package var idleTimeout = TimeAmount.minutes(3)
    /// The first request's head must be there so soon; between two requests `idleTimeout` bounds that.
    package var headTimeout = TimeAmount.seconds(30)
    /// A body of a known length up to this is read before the responder is called.
    package var gatheredBytesMax = 64 << 10
    /// What is read and dropped of a request that was refused before its end, so that the answer isn't lost in a reset.
    package var refusedBytesMax = 16 << 20
    /// How long a connection is kept for that.
    package var lingerTimeout = TimeAmount.seconds(10)
    /// Bytes of later requests that wait while one is answered.
    package var pipelinedBytesMax = 64 << 10

    package init() {}
}
