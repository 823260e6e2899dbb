// SPDX-License-Identifier: Apache-2.0

package import NIOCore

extension ChannelHandlerContext {
    /// What is written and hasn't gone to the socket yet.
    package var unwrittenBytes: Int { (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}
