// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Whom a socket's bytes go to without a way through a pipeline: the last handler of a connection, if all before it
/// only pass bytes on.
package protocol SocketReader: AnyObject {
    /// Takes what has come. The buffer is for the next socket then: what is kept of it, other than as a copy, costs all
    /// of its memory.
    func received(_ bytes: inout ByteBuffer)
}
