// SPDX-License-Identifier: Apache-2.0

/// The fields that a proxy has something to do with, told apart while a head is read.
package enum HTTPFieldName: UInt8, Sendable {
    case other
    case te, via, host, date, cookie, expect, server, trailer, upgrade, forwarded, connection, keepAlive, traceParent,
        traceState
    case contentLength, http2Settings, xForwardedFor, proxyConnection, xForwardedHost, transferEncoding
    case xForwardedProto, proxyAuthenticate, proxyAuthorization, strictTransportSecurity
    /// One of `X-Forwarded-For`, `-Proto` and `-Host` with `_` for `-`, which many servers don't tell from it.
    case xForwardedAlias

    /// Which field a name belongs to; `name` is a token, and its case doesn't count.
    @inlinable
    package init(_ name: borrowing Span<UInt8>) {
        guard !name.isEmpty else {
            self = .other
            return
        }
        let first = name[0] | 0x20
        let candidate: HTTPFieldName =
            switch name.count {
            case 2: .te
            case 3: .via
            case 4: first == UInt8(ascii: "h") ? .host : .date
            case 6: first == UInt8(ascii: "c") ? .cookie : first == UInt8(ascii: "e") ? .expect : .server
            case 7: first == UInt8(ascii: "t") ? .trailer : .upgrade
            case 9: .forwarded
            case 10:
                first == UInt8(ascii: "c") ? .connection : first == UInt8(ascii: "k") ? .keepAlive : .traceState
            case 11: .traceParent
            case 14: first == UInt8(ascii: "c") ? .contentLength : .http2Settings
            case 15: .xForwardedFor
            case 16: first == UInt8(ascii: "p") ? .proxyConnection : .xForwardedHost
            case 17: first == UInt8(ascii: "t") ? .transferEncoding : .xForwardedProto
            case 18: .proxyAuthenticate
            case 19: .proxyAuthorization
            case 25: .strictTransportSecurity
            default: .other
            }
        if candidate.matches(name) {
            self = candidate
        } else {
            self = first == UInt8(ascii: "x") && candidate.isRead(in: name) ? .xForwardedAlias : .other
        }
    }

    /// Whether servers that don't tell `_` from `-` read this name, which isn't quite ours, as ours.
    @usableFromInline
    func isRead(in name: borrowing Span<UInt8>) -> Bool {
        guard text.utf8CodeUnitCount == name.count else { return false }
        for index in name.indices where HTTPFoldedName.folded(name[index]) != text.utf8Start[index] { return false }
        return true
    }

    /// Letters without case, as tokens have no other bytes that differ by that bit alone and stand in these names.
    /// Eight bytes at a time, of which the last ones may be looked at twice.
    @inlinable
    func matches(_ name: borrowing Span<UInt8>) -> Bool {
        let text = text
        let count = name.count
        guard text.utf8CodeUnitCount == count else { return false }
        let (ours, theirs) = (UnsafeRawPointer(text.utf8Start), name.bytes)
        guard count >= 8 else {
            for index in 0..<count where name[index] | 0x20 != text.utf8Start[index] { return false }
            return count > 0
        }
        var start = 0
        while true {
            // Safe: both have as many bytes, and eight of them follow.
            let word = theirs.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self)
            let known = ours.loadUnaligned(fromByteOffset: start, as: UInt64.self)
            guard word | 0x2020_2020_2020_2020 == known else { return false }
            if start == count - 8 { return true }
            start = min(start + 8, count - 8)
        }
    }

    /// In lower case.
    @inlinable
    package var text: StaticString {
        switch self {
        case .other: ""
        case .te: "te"
        case .via: "via"
        case .host: "host"
        case .date: "date"
        case .cookie: "cookie"
        case .expect: "expect"
        case .server: "server"
        case .trailer: "trailer"
        case .upgrade: "upgrade"
        case .forwarded: "forwarded"
        case .connection: "connection"
        case .keepAlive: "keep-alive"
        case .traceParent: "traceparent"
        case .traceState: "tracestate"
        case .contentLength: "content-length"
        case .http2Settings: "http2-settings"
        case .xForwardedFor: "x-forwarded-for"
        case .proxyConnection: "proxy-connection"
        case .xForwardedHost: "x-forwarded-host"
        case .transferEncoding: "transfer-encoding"
        case .xForwardedProto: "x-forwarded-proto"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        case .strictTransportSecurity: "strict-transport-security"
        case .xForwardedAlias: "x_forwarded_for"
        }
    }

    /// Whether the field belongs to one connection and ends there (RFC 9110, section 7.6.1). `Transfer-Encoding` is not
    /// among them here: a body passes as it came.
    @inlinable
    package var isOfConnection: Bool { HTTPFieldNames.ofConnection & HTTPFieldNames.bit(self) != 0 }
}

extension HTTPFieldName {
    /// Refuses what a trailer may not have (RFC 9110, section 6.5.1): whatever says where messages end,
    /// which way they go or where they come from, as some servers read a trailer's fields as if they were the head's.
    func checkInTrailer() throws(HTTPSyntaxError) {
        switch self {
        case .other, .date, .server, .traceParent, .traceState, .strictTransportSecurity: return
        default: throw HTTPSyntaxError("a trailer has the field \(text)")
        }
    }
}

/// A set of the fields that are known by name.
package struct HTTPFieldNames: Sendable, Equatable {
    @usableFromInline var bits: UInt32 = 0

    @inlinable
    package init() {}

    @inlinable
    package func contains(_ name: HTTPFieldName) -> Bool { bits & Self.bit(name) != 0 }

    /// Whether any of them ends with its connection.
    @inlinable
    package var containsAnyOfConnection: Bool { bits & Self.ofConnection != 0 }

    /// Whether any of them tells who a client is.
    @inlinable
    package var containsAnyOfForwarding: Bool { bits & Self.ofForwarding != 0 }

    @inlinable static var ofForwarding: UInt32 {
        bit(.xForwardedFor) | bit(.xForwardedProto) | bit(.xForwardedHost) | bit(.forwarded) | bit(.xForwardedAlias)
    }

    @inlinable static var ofConnection: UInt32 {
        bit(.te) | bit(.trailer) | bit(.upgrade) | bit(.connection) | bit(.keepAlive) | bit(.http2Settings)
            | bit(.proxyConnection) | bit(.proxyAuthenticate) | bit(.proxyAuthorization)
    }

    @inlinable
    static func bit(_ name: HTTPFieldName) -> UInt32 { 1 << UInt32(name.rawValue) }

    @inlinable
    package mutating func insert(_ name: HTTPFieldName) { bits |= Self.bit(name) }
}
