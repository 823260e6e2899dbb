// SPDX-License-Identifier: Apache-2.0

import Glibc
package import NIOCore
import Proxying

extension ChannelHandlerContext {
    /// Closes the connection in such a way that the other side learns of an error, not of an end (RST). What hasn't
    /// been written is lost.
    package func reset() {
        if let socket = channel as? any SocketOptionProvider {
            // On the channel's own event loop this takes effect before it returns.
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenFailure { _ in }
        }
        closeAtOnce()
    }
}
