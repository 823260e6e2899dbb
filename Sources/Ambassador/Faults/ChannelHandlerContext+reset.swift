// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Proxying

extension ChannelHandlerContext {
    /// Closes the connection in such a way that the other side learns of an error, not of an end (RST). What hasn't
    /// been written is lost.
    package func reset() {
        (channel as? EpollChannel)?.resetWhenClosed()
        closeAtOnce()
    }
}
