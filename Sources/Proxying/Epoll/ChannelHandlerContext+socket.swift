// SPDX-License-Identifier: Apache-2.0

package import NIOCore

extension ChannelHandlerContext {
    /// What is written and hasn't gone to the socket yet.
    package var unwrittenBytes: Int { (channel as? EpollChannel)?.pending?.byteCount ?? 0 }

    /// Closes the connection in such a way that the other side learns of an error, not of an end (RST). What hasn't
    /// been written is lost.
    package func reset() {
        (channel as? EpollChannel)?.resetWhenClosed()
        closeAtOnce()
    }
}
