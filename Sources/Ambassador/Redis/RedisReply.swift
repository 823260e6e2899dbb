// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Replies of the proxy's own to commands that no server is asked.
enum RedisReply: String {
    case ok = "+OK"
    case queued = "+QUEUED"
    case emptyArray = "*0"
    case noServer = "-ERR no server is available"
    case unauthenticated = "-NOAUTH Authentication required."
    case invalidCursor = "-ERR invalid cursor"
    case crossSlot = "-CROSSSLOT Keys in request don't hash to the same slot"
    case multiNested = "-ERR MULTI calls can not be nested"
    case execAlone = "-ERR EXEC without MULTI"
    case discardAlone = "-ERR DISCARD without MULTI"
    case execAborted = "-EXECABORT Transaction discarded because of previous errors."
    case watchNested = "-ERR WATCH inside MULTI is not allowed"
    case transactionLost = "-ERR the connection to the transaction's server was lost"
    case keptTooMuch = "-ERR too many commands without a key before the transaction's first key"

    var bytes: ByteBuffer { ByteBuffer(string: rawValue + "\r\n") }
}
