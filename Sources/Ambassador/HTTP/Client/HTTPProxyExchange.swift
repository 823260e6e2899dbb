// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import WireHTTP

/// What a connection waits for, and not for ever.
enum HTTPProxyExpectation {
    case none
    /// The next request's head.
    case head
    /// The next request, which nothing has been said of.
    case idle
    case body
    case connection
    case response
    /// That the server's response goes on.
    case responseBody
    /// That the client takes what is written.
    case write
    case tunnel
    case lingering
}

/// One request on its way, and its response.
struct HTTPProxyExchange {
    var route: Route?
    /// Where it is counted.
    var row: HTTPProxyCounters.Row?
    /// Nil: nothing of its trace is recorded here.
    var trace: ExchangeTrace?
    /// It belongs to no trace, and the one that begins here isn't recorded.
    var isUntraced = false
    /// What the access log will say of it.
    var entry: AccessLogEntry?
    var upstream: Upstream?
    var endpoint: Endpoint?
    var connection: RelayConnection?
    var waiter: RelayWaiter?
    /// The request as it is sent: its head, and as much of its body as could be sent again.
    var sent = ByteBuffer()
    /// Whether `sent` is all that was sent.
    var isReplayable = true
    var attempts = 0
    /// A try is on its way.
    var isOnServer = false
    /// It is a second or later one, or one will be: the upstream counts it.
    var isRetry = false
    /// Another try begins when a pause is over.
    var isPausing = false
    /// When the response must have begun, with all tries; known once the request has come whole.
    var dueAt = Int64.max
    var method: RetryMethod?
    /// For the choice among servers.
    var hash: UInt64 = 0
    var startedAt: Int64 = 0
    var attemptAt: Int64 = 0
    var status = 0
    var origin = ExchangeOrigin.application
    var requestBytes = 0
    var responseBytes = 0
    var isHead = false
    var isConnect = false
    var asksForUpgrade = false
    var isHTTP10 = false
    /// The response's end is that of the server's connection; the client gets chunks.
    var addsChunks = false
    /// The response has chunks that the client doesn't know.
    var unchunker: HTTPBodyUnchunker?
    var hasBegun = false
    /// What is kept for a copy; nil for a request that isn't copied.
    var mirrored: MirroredRequest?

    /// The bytes that were sent, for whoever uses their memory again.
    mutating func takeSent() -> ByteBuffer {
        var taken = ByteBuffer()
        swap(&taken, &sent)
        return taken
    }

    /// Whether it can be sent again, and has the same effect then (RFC 9110, section 9.2.2).
    var mayBeRepeated: Bool {
        guard isReplayable, let method else { return false }
        return method != .post && method != .patch
    }
}
