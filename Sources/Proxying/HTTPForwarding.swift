// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import WireHTTP

/// What a message keeps when it is passed on (RFC 9110, section 7.6.1).
extension HTTPFields {
    /// Fields of the connection that a message came on, which end there. `Content-Length` is made anew where the whole
    /// body is known; `Expect` has been answered.
    private static let ofConnection = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "expect",
    ]

    /// The fields that go on, without those of `dropped`. A streamed body keeps the length that was announced for it.
    package func forwarded(streamed: Bool, dropping dropped: [String] = []) -> HTTPFields {
        let named = tokens(of: "connection")
        var fields = HTTPFields()
        fields.append(contentsOf: self) { index in
            if isNamed("content-length", at: index) { return streamed }
            return !Self.ofConnection.contains { isNamed($0, at: index) }
                && !dropped.contains { isNamed($0, at: index) } && !named.contains { isNamed($0, at: index) }
        }
        return fields
    }
}

extension HTTPBody {
    package var isStreamed: Bool {
        if case .stream = self { return true }
        return false
    }
}

extension HTTPUpstream.Response {
    /// The response as an answer of ours: what the upstream said, part by part as it comes, without `dropped` fields.
    ///
    /// `lease` is let go when the body is over.
    package func answer(dropping dropped: [String] = [], lease: (any Sendable)? = nil) -> HTTPResponse {
        let fields = head.fields.forwarded(streamed: false, dropping: dropped + ["date"])
        let length = head.fields["content-length"].flatMap { Int($0) }
        switch body {
        case .bytes(let bytes) where length ?? 0 > bytes.readableBytes:
            // An answer to HEAD: it has the length of the body that isn't there.
            return HTTPResponse(head.status, fields: fields, length: length) { _ in }
        case .bytes(let bytes): return HTTPResponse(head.status, fields: fields, body: bytes)
        case .stream(let stream):
            return HTTPResponse(head.status, fields: fields, length: length) { writer in
                defer { withExtendedLifetime(lease) {} }
                while let part = try await stream.next() { try await writer.write(part) }
            }
        }
    }
}
