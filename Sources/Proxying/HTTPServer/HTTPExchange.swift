// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import WireHTTP

/// A request as a responder sees it.
package struct HTTPRequest: Sendable {
    package var head: HTTPRequestHead
    package var body: HTTPBody

    package init(_ head: HTTPRequestHead, body: HTTPBody = .bytes(ByteBuffer())) {
        self.head = head
        self.body = body
    }
}

/// The body of a message that is read.
package enum HTTPBody: Sendable {
    /// The whole of it, which may be nothing.
    case bytes(ByteBuffer)
    /// It is still coming; at most one task reads it, once.
    case stream(HTTPBodyStream)

    /// The whole body if it has at most `limit` bytes; nil if it has more, of which the rest isn't read.
    package func collect(upTo limit: Int) async throws(HTTPBodyError) -> ByteBuffer? {
        switch self {
        case .bytes(let bytes): return bytes.readableBytes <= limit ? bytes : nil
        case .stream(let stream):
            var body = ByteBuffer()
            while let part = try await stream.next() {
                guard body.readableBytes + part.readableBytes <= limit else { return nil }
                body.writeImmutableBuffer(part)
            }
            return body
        }
    }
}

/// A responder's answer.
///
/// The listener adds `Date` where there is none, and `Connection`; `Content-Length` and `Transfer-Encoding` are always
/// its own. A `Connection: close` in the answer ends the connection behind it.
package struct HTTPResponse: Sendable {
    package var status: HTTPStatus
    package var fields: HTTPFields
    package var body: Body

    package enum Body: Sendable {
        case bytes(ByteBuffer)
        /// A body of `length` bytes, or of a length that only its end tells, that the function writes after the head.
        case stream(length: Int?, @Sendable (HTTPBodyWriter) async throws -> Void)
    }

    package init(_ status: HTTPStatus, fields: HTTPFields = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.fields = fields
        self.body = .bytes(body)
    }

    package init(
        _ status: HTTPStatus, fields: HTTPFields = [:], length: Int?,
        writing body: @escaping @Sendable (HTTPBodyWriter) async throws -> Void
    ) {
        self.status = status
        self.fields = fields
        self.body = .stream(length: length, body)
    }
}

/// Why a body can't be read to its end.
package enum HTTPBodyError: Error, Sendable, Equatable {
    /// The connection ended before the body.
    case cutOff
    /// What came isn't a body.
    case malformed(HTTPSyntaxError)
    /// The reading task was cancelled.
    case cancelled
}
