// SPDX-License-Identifier: Apache-2.0

/// Where the body of a message ends (RFC 9112, section 6.3).
package enum HTTPFraming: Sendable, Equatable {
    case none
    case length(Int)
    case chunked
    /// At the end of the connection: only responses.
    case untilClose
}

/// What the fields of a head say about the body and the connection.
extension HTTPHeadScan {
    /// Of a request that has been scanned.
    package var requestFraming: HTTPFraming {
        if isChunked { return .chunked }
        return contentLength.map { $0 == 0 ? .none : .length($0) } ?? .none
    }

    /// Of a response that has been scanned; the answer to HEAD has no body. What follows 101, or an answer to CONNECT
    /// that agrees, is no body but the other protocol.
    package func responseFraming(toHead: Bool) -> HTTPFraming {
        if toHead || HTTPStatus(status).hasNoBody { return .none }
        if isChunked { return .chunked }
        return contentLength.map { $0 == 0 ? .none : .length($0) } ?? .untilClose
    }

    /// What the fields and the request line say together.
    func checkRequest(_ bytes: borrowing Span<UInt8>) throws(HTTPSyntaxError) {
        if let host {
            // A proxy that reads the one where its neighbour reads the other can be led to the wrong server.
            if let authority, !bytes.extracting(authority).equalsIgnoringCase(bytes.extracting(host)) {
                throw HTTPSyntaxError("the target's host is not that of Host")
            }
        } else if version == .http11 || authority != nil {
            throw HTTPSyntaxError("there is not one Host")
        }
        try checkCoding()
    }

    /// What the fields and the status say together.
    func checkResponse() throws(HTTPSyntaxError) {
        try checkCoding()
        guard status < 200 || status == 204 else { return }
        // Such a response has no body, but whoever reads only its fields would wait for one (RFC 9112, section 6).
        if isChunked || contentLength ?? 0 > 0 { throw HTTPSyntaxError("a response without a body announces one") }
    }

    private func checkCoding() throws(HTTPSyntaxError) {
        guard isChunked else { return }
        if contentLength != nil { throw HTTPSyntaxError("there are both Transfer-Encoding and Content-Length") }
        if version == .http10 { throw HTTPSyntaxError("HTTP/1.0 has no Transfer-Encoding") }
    }

    // MARK: - Fields

    /// Takes what a field says, which is known by its name.
    mutating func note(
        _ name: HTTPFieldName, _ range: Range<Int>, in bytes: borrowing Span<UInt8>
    ) throws(HTTPSyntaxError) {
        present.insert(name)
        switch name {
        case .host:
            guard host == nil else { throw HTTPSyntaxError("there is not one Host") }
            guard bytes.isPlainlySet(range), range.isEmpty || bytes.isAuthority(range) else {
                throw HTTPSyntaxError("Host is not a host")
            }
            host = range
        case .contentLength:
            guard contentLength == nil else { throw HTTPSyntaxError("there is more than one Content-Length") }
            guard bytes.isPlainlySet(range) else { throw HTTPSyntaxError("Content-Length is no number") }
            contentLength = try Self.length(bytes, range)
        case .transferEncoding:
            guard !isChunked, bytes.isPlainlySet(range),
                bytes.extracting(range).equalsIgnoringCase("chunked".utf8.span)
            else {
                throw HTTPSyntaxError(.notImplemented, "the only transfer coding that is understood is chunked, once")
            }
            isChunked = true
        case .connection:
            try bytes.extracting(range).forEachListElement { (token) throws(HTTPSyntaxError) in
                connection.insert(try Connection(token))
            }
        default: break
        }
    }

    private static func length(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) throws(HTTPSyntaxError) -> Int {
        // 18 digits fit into Int64 whatever they are.
        guard (1...18).contains(range.count) else { throw HTTPSyntaxError("Content-Length is no number") }
        var length = 0
        for index in range {
            guard bytes[index].isDigit else { throw HTTPSyntaxError("Content-Length is no number") }
            length = length * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        return length
    }
}

extension HTTPHeadScan.Connection {
    /// What one element of `Connection` says. A field that is meant for every server on the way can't be named in it
    /// (RFC 9110, section 7.6.1): a proxy that took it away would change what the message is.
    fileprivate init(_ token: borrowing Span<UInt8>) throws(HTTPSyntaxError) {
        let name = HTTPFieldName(token)
        switch name {
        case .keepAlive: self = .keepAlive
        case .upgrade: self = .upgrade
        case .other: self = token.equalsIgnoringCase("close".utf8.span) ? .close : .others
        // It ends with the connection whether it is named or not.
        case _ where name.isOfConnection: self = []
        default: throw HTTPSyntaxError("Connection names the field \(name.text)")
        }
    }
}

extension Span where Element == UInt8 {
    /// Whether a value has spaces alone before it and nothing behind it. More is allowed, but there are servers that
    /// don't know such a field again, and what they take for the end of a message is then not what is taken for it
    /// here.
    fileprivate func isPlainlySet(_ value: Range<Int>) -> Bool {
        var index = value.lowerBound - 1
        while self[index] == 0x20 { index -= 1 }
        return self[index] == UInt8(ascii: ":") && self[value.upperBound] == 0x0D
    }
}
