// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import WireHTTP

/// Who hears what a server says to one request. Everything is called on the connection's event loop.
package protocol RelayReceiver: AnyObject {
    /// What a new connection for it begins with where connections are private, as a header of the PROXY protocol.
    var opening: ByteBuffer? { get }

    /// A connection that was asked for is open.
    func connected(_ connection: RelayConnection)

    /// A response's head is at the beginning of `bytes`, `length` bytes long, and its parts are in `scan`. It may be an
    /// informational one, and then another follows.
    ///
    /// - Returns: How the body that follows ends, as only the receiver knows what it asked for.
    func receiveHead(_ bytes: ByteBuffer, length: Int, _ scan: borrowing HTTPHeadScan) -> RelayBody

    /// Bytes of the body as they came, with the framing of chunks.
    func receiveBody(_ bytes: ByteBuffer)

    /// The response is over. The connection belongs to nobody's exchange any more.
    func receiveEnd(keepsConnection: Bool)

    /// What was read in one go has been handed over, and it wasn't the end: the time to write.
    func receivedAll()

    /// The response is not whole and never will be.
    func failed(_ failure: RelayFailure)

    /// The server takes bytes again, or takes no more for now.
    func writabilityChanged(_ connection: RelayConnection)
}

/// What follows a response's head.
package enum RelayBody: Sendable {
    /// It is informational: the next head comes on the same connection.
    case interim
    case none
    case length(Int)
    case chunked
    case untilClose
    /// No more HTTP: bytes both ways.
    case tunnel
    /// The receiver doesn't want it. The connection is closed.
    case refused

    /// What the head of a final response says.
    package init(_ scan: borrowing HTTPHeadScan, answersHead: Bool) {
        self =
            switch scan.responseFraming(toHead: answersHead) {
            case .none: .none
            case .length(let length): .length(length)
            case .chunked: .chunked
            case .untilClose: .untilClose
            }
    }
}

/// Why a server gave no whole response.
package enum RelayFailure: Error, Sendable, Equatable {
    /// No connection could be made, and nothing was sent. In the system's words.
    case unreachable(String)
    /// No connection was made in time.
    case connectTimeout
    /// TLS could not be agreed on.
    case insecure(TLSFailure)
    /// The connection ended. `isUnheard`: not a byte of the response had come; `wasIdle`: it had served before.
    case closed(isUnheard: Bool, wasIdle: Bool)
    /// What came isn't HTTP/1.
    case malformed(HTTPSyntaxError)
    /// As many requests wait for a connection as may.
    case overloaded
}
