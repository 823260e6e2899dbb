// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What one HTTP listener takes before it refuses.
package struct HTTPListenerLimits: Sendable {
    /// One header line, and the request's target: the longest key, percent-encoded (12 KiB), fits.
    package var headerFieldBytesMax = 16 << 10
    /// All header lines of a request.
    package var headerBytesMax = 64 << 10
    package var headerCountMax = 200
    /// Connections that are open at once; more wait in the backlog until one closes.
    package var connectionsMax = 4096
    /// Connections that the kernel keeps for us before they are accepted.
    package var backlog = 1024
    /// A connection that says nothing for this long between two requests, or within one, is closed.
    package var idleTimeout = TimeAmount.minutes(3)
    /// The first request's head must be there so soon; between two requests `idleTimeout` bounds that.
    package var headTimeout = TimeAmount.seconds(30)
    /// What is read and dropped of a request that was refused before its end, so that the answer isn't lost in a reset.
    package var refusedBytesMax = 16 << 20

    package init() {}
}
