// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOSSL

extension ChannelHandlerContext {
    /// Closes the socket without TLS's word that nothing follows, and without waiting for the other side's.
    ///
    /// With that word, what was cut off would pass for whole. A plain connection is closed as by `close`.
    package func closeAtOnce() {
        guard let tls = try? pipeline.syncOperations.context(handlerType: NIOSSLHandler.self) else {
            return close(promise: nil)
        }
        tls.close(promise: nil)
    }
}
