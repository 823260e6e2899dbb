// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// An answer's head as it goes out: the responder's fields, and those that are the connection's.
struct HTTPAnswerHead {
    enum Framing: Equatable { case none, length(Int), chunked, untilClose }

    /// Up to here a body is copied behind its head, so that both are one buffer and one system call.
    static let joinedBytesMax = 16 << 10

    private let head: HTTPResponseHead
    private let keepsConnection: Bool
    /// How the body goes out, or would if the request weren't HEAD.
    let framing: Framing
    let hasBody: Bool

    /// `request`: nil if it couldn't be read.
    init(_ response: HTTPResponse, to request: HTTPRequestHead?, keepsConnection: Bool) {
        switch response.body {
        case _ where response.status.hasNoBody: framing = .none
        case .bytes(let bytes): framing = .length(bytes.readableBytes)
        case .stream(let length?, _): framing = .length(length)
        case .stream(nil, _): framing = request?.version == .http10 ? .untilClose : .chunked
        }
        // An answer to HEAD has the fields of the one to GET, and no body (RFC 9110, section 9.3.2).
        hasBody = framing != .none && request?.method != .head
        var fields = response.fields
        // A second framing, as of an answer that is passed on, could be read as the one that holds.
        fields.remove("content-length")
        fields.remove("transfer-encoding")
        head = HTTPResponseHead(response.status, fields: fields)
        self.keepsConnection = keepsConnection && framing != .untilClose
    }

    /// The head's bytes with `body` behind them.
    func bytes(_ body: ByteBuffer = ByteBuffer()) -> ByteBuffer {
        var bytes = ByteBufferAllocator().buffer(capacity: 192 + head.fields.byteCount + body.readableBytes)
        bytes.beginHTTPHead(head)
        if !head.fields.contains("date") { bytes.writeHTTPField("date", DateHeader.now) }
        switch framing {
        case .none, .untilClose: break
        case .length(let count): bytes.writeHTTPField("content-length", "\(count)")
        case .chunked: bytes.writeHTTPField("transfer-encoding", "chunked")
        }
        if !keepsConnection, !head.fields.hasToken("connection", "close") {
            bytes.writeHTTPField("connection", "close")
        }
        bytes.endHTTPHead()
        bytes.writeImmutableBuffer(body)
        return bytes
    }
}
