// SPDX-License-Identifier: Apache-2.0

/// The first line of a message, taken apart (RFC 9112, sections 3 and 4).
enum HTTPStartLine {
    /// The longest method that is taken.
    private static let methodBytesMax = 32

    /// The path, and the authority that came with it where the target is in absolute form.
    struct Target {
        var text: String
        var authority: String?
    }

    static func request(
        _ line: borrowing Span<UInt8>
    ) throws(HTTPSyntaxError) -> (HTTPMethod, Target, HTTPVersion) {
        var methodEnd = 0
        while methodEnd < line.count, line[methodEnd].isToken { methodEnd += 1 }
        guard (1...methodBytesMax).contains(methodEnd), methodEnd < line.count, line[methodEnd] == 0x20 else {
            throw HTTPSyntaxError("the request line doesn't begin with a method")
        }
        var targetEnd = methodEnd + 1
        while targetEnd < line.count, line[targetEnd].isTarget { targetEnd += 1 }
        guard targetEnd > methodEnd + 1, targetEnd < line.count, line[targetEnd] == 0x20 else {
            throw HTTPSyntaxError("the request line has no target")
        }
        let version = try version(line.extracting((targetEnd + 1)..<line.count))
        let method = method(line.extracting(0..<methodEnd))
        let target = try target(line.extracting((methodEnd + 1)..<targetEnd), of: method)
        return (method, target, version)
    }

    static func response(_ line: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> (HTTPStatus, HTTPVersion) {
        // `HTTP/1.1 200`, and mostly a space and a reason behind it.
        guard line.count >= 12, line[8] == 0x20 else { throw HTTPSyntaxError("there is no status line") }
        let version = try version(line.extracting(0..<8))
        var code = 0
        for index in 9..<12 {
            guard line[index].isDigit else { throw HTTPSyntaxError("the status is no number") }
            code = code * 10 + Int(line[index] - UInt8(ascii: "0"))
        }
        guard code >= 100, line.count == 12 || line[12] == 0x20 else {
            throw HTTPSyntaxError("the status is no number of three digits")
        }
        for index in 12..<line.count where !line[index].isFieldValue {
            throw HTTPSyntaxError("the reason has a control character")
        }
        return (HTTPStatus(code), version)
    }

    /// The frequent ones are told apart without making a string.
    private static func method(_ bytes: borrowing Span<UInt8>) -> HTTPMethod {
        switch (bytes.count, bytes[0]) {
        case (3, UInt8(ascii: "G")) where bytes[1] == UInt8(ascii: "E") && bytes[2] == UInt8(ascii: "T"): .get
        case (4, UInt8(ascii: "P"))
        where bytes[1] == UInt8(ascii: "O") && bytes[2] == UInt8(ascii: "S")
            && bytes[3] == UInt8(ascii: "T"):
            .post
        // Safe: a method is made of ASCII characters.
        default: HTTPMethod(text(bytes) ?? "")
        }
    }

    private static func version(_ bytes: borrowing Span<UInt8>) throws(HTTPSyntaxError) -> HTTPVersion {
        let name = "HTTP/1.".utf8.span
        guard bytes.count == 8 else { throw HTTPSyntaxError("the version is not HTTP/1.0 or HTTP/1.1") }
        for index in name.indices where bytes[index] != name[index] {
            let isHTTP = index >= 5
            throw HTTPSyntaxError(
                isHTTP ? .versionNotSupported : .badRequest, "the version is not HTTP/1.0 or HTTP/1.1")
        }
        switch bytes[7] {
        case UInt8(ascii: "1"): return .http11
        case UInt8(ascii: "0"): return .http10
        default: throw HTTPSyntaxError(.versionNotSupported, "the version is not HTTP/1.0 or HTTP/1.1")
        }
    }

    private static func target(
        _ bytes: borrowing Span<UInt8>, of method: HTTPMethod
    ) throws(HTTPSyntaxError) -> Target {
        guard let text = text(bytes) else { throw HTTPSyntaxError("the target is not UTF-8") }
        if method == .connect {
            guard bytes[0] != UInt8(ascii: "/") else { throw HTTPSyntaxError("the target of CONNECT is an authority") }
            return Target(text: text)
        }
        if bytes[0] == UInt8(ascii: "/") { return Target(text: text) }
        if method == .options, text == "*" { return Target(text: text) }
        return try absolute(text)
    }

    private static func absolute(_ text: String) throws(HTTPSyntaxError) -> Target {
        let lowered = text.prefix(8).lowercased()
        guard let scheme = ["http://", "https://"].first(where: { lowered.hasPrefix($0) }) else {
            throw HTTPSyntaxError("the target is neither a path nor a URL")
        }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty, authority.utf8.allSatisfy(\.isHost) else {
            throw HTTPSyntaxError("the target's authority is not a host")
        }
        let path = rest.dropFirst(authority.count)
        return Target(text: path.hasPrefix("/") ? String(path) : "/\(path)", authority: String(authority))
    }

    private static func text(_ bytes: borrowing Span<UInt8>) -> String? {
        do { return String(copying: try UTF8Span(validating: bytes.extracting(bytes.indices))) } catch { return nil }
    }
}
