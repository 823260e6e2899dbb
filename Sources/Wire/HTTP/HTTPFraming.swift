// SPDX-License-Identifier: Apache-2.0

/// What the fields of a head say about where its body ends (RFC 9112, section 6.3).
struct HTTPFraming {
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var hosts = 0

    /// Where the body of a message ends.
    enum Body: Equatable {
        case none
        case length(Int)
        case chunked
        /// At the end of the connection: only responses.
        case untilClose
    }

    mutating func note(_ name: borrowing Span<UInt8>, _ value: borrowing Span<UInt8>) throws(HTTPSyntaxError) {
        switch name.count {
        case 4 where name.equalsIgnoringCase("host".utf8.span):
            hosts += 1
            for index in value.indices where !value[index].isHost { throw HTTPSyntaxError("Host is not a host") }
        case 14 where name.equalsIgnoringCase("content-length".utf8.span):
            guard contentLength == nil else { throw HTTPSyntaxError("there is more than one Content-Length") }
            contentLength = try Self.length(value)
        case 17 where name.equalsIgnoringCase("transfer-encoding".utf8.span):
            guard !isChunked, value.equalsIgnoringCase("chunked".utf8.span) else {
                throw HTTPSyntaxError(.notImplemented, "the only transfer coding that is understood is chunked, once")
            }
            isChunked = true
        default: break
        }
    }

    func ofRequest(_ version: HTTPVersion) throws(HTTPSyntaxError) -> Body {
        try check(version)
        if isChunked { return .chunked }
        return contentLength.map { $0 == 0 ? .none : .length($0) } ?? .none
    }

    /// `method`: of the request that is answered.
    func ofResponse(
        _ status: HTTPStatus, to method: HTTPMethod, _ version: HTTPVersion
    ) throws(HTTPSyntaxError) -> Body {
        try check(version)
        if status.hasNoBody || method == .head { return .none }
        if isChunked { return .chunked }
        return contentLength.map { $0 == 0 ? .none : .length($0) } ?? .untilClose
    }

    private func check(_ version: HTTPVersion) throws(HTTPSyntaxError) {
        guard isChunked else { return }
        if contentLength != nil { throw HTTPSyntaxError("there are both Transfer-Encoding and Content-Length") }
        if version == .http10 { throw HTTPSyntaxError("HTTP/1.0 has no Transfer-Encoding") }
    }

    static func length(_ value: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> Int {
        // 18 digits fit into Int64 whatever they are.
        guard (1...18).contains(value.count) else { throw HTTPSyntaxError("Content-Length is no number") }
        var length = 0
        for index in value.indices {
            guard value[index].isDigit else {
                throw HTTPSyntaxError("Content-Length is no number")
            }
            length = length * 10 + Int(value[index] - UInt8(ascii: "0"))
        }
        return length
    }
}
