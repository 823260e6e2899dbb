// SPDX-License-Identifier: Apache-2.0

package import Core
package import NIOCore
package import WireHTTP

/// What upstreams are told of the client of one connection, prepared once.
///
/// A request that brings none of the fields costs one copy of the prepared lines. Whoever passes a head on leaves out
/// the lines of which `replaces` is true, and then calls `append`.
package final class ForwardedFields: Sendable {
    private let policy: ForwardedPolicy
    private let format: ForwardedFormat
    private let addsVia: Bool
    /// The ranges whose word is taken, if this client's is; else none.
    let trusted: [AddressRange]
    /// As texts: the address, and the same as RFC 7239 writes it.
    let address: [UInt8]
    private let node: [UInt8]
    private let scheme: StaticString
    /// All lines for a request of HTTP/1.1 that brings none of these fields.
    private let lines: [UInt8]

    /// - Parameter client: who connected, or whom the PROXY protocol names; nil if that is no address.
    package init(_ configuration: ForwardingConfiguration, client: IPAddress?, isTLS: Bool) {
        policy = configuration.policy
        format = configuration.format
        addsVia = configuration.addsVia
        let isTrusted = client.map { client in configuration.trusted.contains { $0.contains(client) } } ?? false
        trusted = policy == .add && isTrusted ? configuration.trusted : []
        address = client.map { Array($0.description.utf8) } ?? []
        node = Self.node(client)
        scheme = isTLS ? "https" : "http"
        var buffer = ByteBuffer()
        if policy != .off, format != .forwarded {
            if !address.isEmpty {
                buffer.writeStaticString("X-Forwarded-For: ")
                buffer.writeBytes(address)
                buffer.writeStaticString("\r\n")
            }
            buffer.writeLine("X-Forwarded-Proto: ", scheme)
        }
        if policy != .off, format != .xForwarded {
            buffer.writeStaticString("Forwarded: ")
            buffer.writeBytes(node)
            buffer.writeLine(";proto=", scheme)
        }
        if addsVia { buffer.writeStaticString("Via: 1.1 outrigger\r\n") }
        lines = Array(buffer.readableBytesView)
    }

    convenience init(_ configuration: ForwardingConfiguration, of client: SocketAddress?, isTLS: Bool) {
        self.init(configuration, client: client?.ipAddress.flatMap { IPAddress(text: $0) }, isTLS: isTLS)
    }

    var isTrusted: Bool { !trusted.isEmpty }

    /// Whether this line of the request is left out, because `append` writes it anew.
    @inline(__always)
    package func replaces(_ name: HTTPFieldName) -> Bool {
        switch name {
        case .xForwardedFor, .xForwardedProto, .xForwardedHost, .forwarded, .xForwardedAlias: policy != .off
        default: false
        }
    }

    /// Writes the lines for a request.
    ///
    /// - Parameters:
    ///   - changesHost: whether the upstream is told another host than the client asked for, which then goes into a
    ///     field of its own.
    ///   - omitted: the fields that a route removes, or says otherwise.
    package func append(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, changesHost: Bool,
        omitting omitted: HTTPFieldNames = HTTPFieldNames(), to buffer: inout ByteBuffer
    ) {
        if !changesHost, head.version == .http11, !isTrusted || !head.present.containsAnyOfForwarding,
            !omitted.containsAnyOfForwarding, !omitted.contains(.via)
        {
            buffer.writeBytes(lines)
            return
        }
        if policy != .off { appendAll(head, bytes, changesHost, omitted, to: &buffer) }
        guard addsVia, !omitted.contains(.via) else { return }
        buffer.writeStaticString(head.version == .http11 ? "Via: 1.1 outrigger\r\n" : "Via: 1.0 outrigger\r\n")
    }

    // MARK: - The long way

    private func appendAll(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, _ changesHost: Bool, _ omitted: HTTPFieldNames,
        to buffer: inout ByteBuffer
    ) {
        let host = changesHost ? head.host : nil
        if !omitted.contains(.xForwardedFor) { appendAddress(head, bytes, to: &buffer) }
        if !omitted.contains(.xForwardedProto), !keeps(.xForwardedProto, head, bytes, to: &buffer),
            format != .forwarded
        {
            buffer.writeLine("X-Forwarded-Proto: ", scheme)
        }
        if !omitted.contains(.xForwardedHost), !keeps(.xForwardedHost, head, bytes, to: &buffer),
            format != .forwarded, let host
        {
            buffer.writeStaticString("X-Forwarded-Host: ")
            buffer.writeBytes(bytes.extracting(host).bytes)
            buffer.writeStaticString("\r\n")
        }
        if !omitted.contains(.forwarded) { appendForwarded(head, bytes, host, to: &buffer) }
    }

    /// Copies a field that a trusted proxy has set; false if there is none.
    private func keeps(
        _ name: HTTPFieldName, _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>,
        to buffer: inout ByteBuffer
    ) -> Bool {
        guard isTrusted, head.present.contains(name) else { return false }
        for field in head.fields where field.name == name {
            buffer.writeBytes(bytes.extracting(field.lineRange).bytes)
        }
        return true
    }

    private func appendAddress(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, to buffer: inout ByteBuffer
    ) {
        let adds = isTrusted && head.present.contains(.xForwardedFor)
        guard adds || format != .forwarded && !address.isEmpty else { return }
        buffer.writeStaticString("X-Forwarded-For: ")
        let isFirst = !(adds && buffer.writeValues(of: .xForwardedFor, head, bytes))
        buffer.writeListElement(address, isFirst: isFirst)
        buffer.writeStaticString("\r\n")
    }

    private func appendForwarded(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, _ host: Range<Int>?, to buffer: inout ByteBuffer
    ) {
        let adds = isTrusted && head.present.contains(.forwarded)
        guard adds || format != .xForwarded else { return }
        buffer.writeStaticString("Forwarded: ")
        let isFirst = !(adds && buffer.writeValues(of: .forwarded, head, bytes))
        buffer.writeListElement(node, isFirst: isFirst)
        buffer.writeStaticString(";proto=")
        buffer.writeStaticString(scheme)
        if let host {
            buffer.writeStaticString(";host=\"")
            buffer.writeBytes(bytes.extracting(host).bytes)
            buffer.writeStaticString("\"")
        }
        buffer.writeStaticString("\r\n")
    }

    /// `for=10.0.0.1`, `for="[2001:db8::1]"`, `for=unknown` (RFC 7239, section 6).
    private static func node(_ client: IPAddress?) -> [UInt8] {
        guard let client else { return Array("for=unknown".utf8) }
        return Array((client.isV4 ? "for=\(client)" : "for=\"[\(client)]\"").utf8)
    }
}

extension ByteBuffer {
    fileprivate mutating func writeLine(_ beginning: StaticString, _ value: StaticString) {
        writeStaticString(beginning)
        writeStaticString(value)
        writeStaticString("\r\n")
    }

    fileprivate mutating func writeListElement(_ element: [UInt8], isFirst: Bool) {
        guard !element.isEmpty else { return }
        if !isFirst { writeStaticString(", ") }
        writeBytes(element)
    }

    /// Writes the values of all lines of a field as one list; false if they are empty.
    fileprivate mutating func writeValues(
        of name: HTTPFieldName, _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>
    ) -> Bool {
        var isFirst = true
        for field in head.fields where field.name == name && !field.valueRange.isEmpty {
            if !isFirst { writeStaticString(", ") }
            writeBytes(bytes.extracting(field.valueRange).bytes)
            isFirst = false
        }
        return !isFirst
    }
}
