// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import WireHTTP

/// Sends a client elsewhere. What isn't said stays as it asked for it, and its query does.
struct RedirectAnswer: Sendable {
    let status: Int
    /// The status line and all fields but the location.
    private let beginning: ByteBuffer
    /// All of the location, if it depends on no request.
    private let whole: [UInt8]?
    /// Nil: the one that the client came with.
    private let scheme: RedirectConfiguration.Scheme?
    /// Nil: the host that was asked for.
    private let host: [UInt8]?
    /// Nil: the scheme's own if there is a scheme, else the one that was asked for.
    private let port: Int?
    private let path: PathRewrite?
    /// The route's own edits say no other location, or none.
    private let saysLocation: Bool

    init(_ redirect: RedirectConfiguration, matching pattern: PathPattern, edits: FieldEdits) {
        status = redirect.status.rawValue
        beginning = ByteBuffer(answering: HTTPStatus(status), length: 0, type: nil, [:], edits)
        whole = redirect.to.map { Array($0.utf8) }
        scheme = redirect.scheme
        host = redirect.host.map { Array(($0.contains(":") ? "[\($0)]" : $0).utf8) }
        port = redirect.port
        path = redirect.path.map { PathRewrite(pattern, to: $0) }
        saysLocation = !edits.drops("location".utf8.span)
    }

    /// Writes the head but for what all answers have at its end. There is no body.
    ///
    /// - Parameter isSecure: whether the client came with TLS.
    func writeHead(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, isSecure: Bool, into buffer: inout ByteBuffer
    ) {
        buffer.writeImmutableBuffer(beginning)
        guard saysLocation else { return }
        buffer.writeStaticString("Location: ")
        if let whole {
            buffer.writeBytes(whole)
        } else {
            writeLocation(head, bytes, scheme ?? (isSecure ? .https : .http), into: &buffer)
        }
        buffer.writeStaticString("\r\n")
    }

    private func writeLocation(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, _ scheme: RedirectConfiguration.Scheme,
        into buffer: inout ByteBuffer
    ) {
        guard host != nil || head.host?.isEmpty == false else { return writeTarget(head, bytes, into: &buffer) }
        buffer.writeStaticString(scheme == .https ? "https://" : "http://")
        let asked = head.host ?? 0..<0
        let name = bytes.nameEnd(of: asked)
        if let host {
            buffer.writeBytes(host)
        } else {
            buffer.writeBytes(bytes.extracting(asked.lowerBound..<name).bytes)
        }
        if let port {
            if port != (scheme == .https ? 443 : 80) { buffer.writeString(":\(port)") }
        } else if self.scheme == nil {
            buffer.writeBytes(bytes.extracting(name..<asked.upperBound).bytes)
        }
        writePath(head, bytes, into: &buffer)
    }

    private func writePath(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, into buffer: inout ByteBuffer
    ) {
        let isPath = head.path.isEmpty || bytes[head.path.lowerBound] == UInt8(ascii: "/")
        if isPath, let path {
            path.write(head, bytes, into: &buffer)
        } else if isPath {
            buffer.writeTarget(head, bytes)
        } else {
            // `*` or the authority of CONNECT is no path.
            buffer.writeStaticString("/")
        }
    }

    /// For a client of HTTP/1.0 that says no host, the path alone; two slashes at its beginning would be a host.
    private func writeTarget(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, into buffer: inout ByteBuffer
    ) {
        var target = ByteBuffer()
        writePath(head, bytes, into: &target)
        while target.readableBytes > 1, target.getInteger(at: target.readerIndex + 1, as: UInt8.self)?.isSlash == true {
            target.moveReaderIndex(forwardBy: 1)
        }
        buffer.writeImmutableBuffer(target)
    }
}

extension UInt8 {
    /// Browsers take a backslash for a slash.
    fileprivate var isSlash: Bool { self == UInt8(ascii: "/") || self == UInt8(ascii: "\\") }
}
