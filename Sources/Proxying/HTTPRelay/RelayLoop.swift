// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import WireHTTP

/// What all connections to servers share on one event loop.
package final class RelayLoop {
    package let eventLoop: EpollEventLoop
    package let outputs = OutputBuffers()
    package let clock = RelayClock()
    /// Those of heads of responses that come from now on.
    package var limits: HTTPSyntaxLimits { didSet { responseScan = HTTPHeadScan(limits) } }
    /// The last head of a response that was read: each is used up before the next is read.
    // Safe: belongs to the loop's thread; nobody who is given it reads another head.
    @exclusivity(unchecked) package var responseScan: HTTPHeadScan

    package init(_ eventLoop: EpollEventLoop, limits: HTTPSyntaxLimits = HTTPSyntaxLimits()) {
        self.eventLoop = eventLoop
        self.limits = limits
        responseScan = HTTPHeadScan(limits)
    }
}
