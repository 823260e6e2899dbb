// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import Telemetry
import WireHTTP

/// Copies a request's head for a server: what stays is copied in runs, so a head of which nothing is taken away is one
/// copy.
struct RequestHeadEdit {
    let route: Route
    let upstream: Upstream
    let forwarded: ForwardedFields
    /// The place in a trace that the server is told; nil: what the client said.
    let trace: TraceContext?
    /// Where servers are told whose certificate the client has shown, and whose it is.
    let clientCertificate: ClientCertificateField?
    let certificateSubject: String?

    /// Whether the server sees another host than the client asked for.
    private var setsHost: Bool { upstream.host == .server || route.host != nil }

    /// Fields that may have to go, for a look at what a head has.
    @inline(__always)
    private func mayDrop(_ scan: borrowing HTTPHeadScan) -> Bool {
        scan.hasConnectionFields || scan.present.containsAnyOfForwarding || !route.requestEdits.isEmpty || setsHost
            || trace != nil || clientCertificate != nil
    }

    /// - Parameter asksForUpgrade: whether the server may change the protocol.
    func write(
        _ bytes: ByteBuffer, _ length: Int, _ scan: borrowing HTTPHeadScan, asksForUpgrade: inout Bool,
        into out: inout ByteBuffer
    ) {
        var run = writeStartLine(bytes, scan, into: &out)
        if mayDrop(scan) {
            asksForUpgrade = scan.asksForUpgrade(bytes.readableBytesUInt8Span)
            for field in scan.fields where drops(field, scan, bytes, keepsUpgrade: asksForUpgrade) {
                out.write(run..<Int(field.nameStart), of: bytes)
                run = Int(field.end)
            }
        }
        out.write(run..<length - 2, of: bytes)
        if asksForUpgrade { out.writeStaticString("connection: upgrade\r\n") }
        forwarded.append(
            scan, bytes.readableBytesUInt8Span, changesHost: setsHost, omitting: route.requestEdits.known, to: &out)
        writeHost(scan, into: &out)
        if let certificateSubject { tell(certificateSubject, to: &out) }
        if !route.requestEdits.isEmpty { route.requestEdits.append(to: &out) }
        if let trace { out.writeTraceParent(trace) }
        out.writeStaticString("\r\n")
    }

    /// - Returns: where what wasn't written begins.
    private func writeStartLine(
        _ bytes: ByteBuffer, _ scan: borrowing HTTPHeadScan, into out: inout ByteBuffer
    ) -> Int {
        guard scan.version == .http10 || scan.authority != nil || route.rewritesPath else {
            return scan.method.lowerBound
        }
        out.write(scan.method, of: bytes)
        out.writeStaticString(" ")
        if route.rewritesPath {
            route.writeTarget(scan, bytes.readableBytesUInt8Span, into: &out)
        } else {
            if scan.target.isEmpty || bytes.readableBytesUInt8Span[scan.target.lowerBound] == UInt8(ascii: "?") {
                out.writeStaticString("/")
            }
            out.write(scan.target, of: bytes)
        }
        out.writeStaticString(" HTTP/1.1\r\n")
        return scan.fieldsStart
    }

    private func writeHost(_ scan: borrowing HTTPHeadScan, into out: inout ByteBuffer) {
        if let host = route.host {
            out.writeStaticString("host: ")
            out.writeString(host)
            out.writeStaticString("\r\n")
        } else if scan.host == nil, upstream.host == .preserve {
            // A client of HTTP/1.0 that names no host; a server of HTTP/1.1 wants one.
            out.writeStaticString("host: ")
            out.writeString(upstream.name)
            out.writeStaticString("\r\n")
        }
    }

    private func tell(_ certificateSubject: String, to out: inout ByteBuffer) {
        // A route that removes the field, or sets another value, has its way.
        guard let field = clientCertificate, !route.requestEdits.drops(field.name.utf8.span) else { return }
        field.append(certificateSubject, to: &out)
    }

    private func drops(
        _ field: HTTPHeadScan.Field, _ scan: borrowing HTTPHeadScan, _ bytes: ByteBuffer, keepsUpgrade: Bool
    ) -> Bool {
        switch field.name {
        case .upgrade: return !keepsUpgrade
        case .connection, .keepAlive, .te, .trailer, .http2Settings, .proxyConnection, .proxyAuthenticate,
            .proxyAuthorization:
            return true
        case .host: return setsHost
        case .xForwardedFor, .xForwardedProto, .xForwardedHost, .forwarded, .xForwardedAlias:
            if forwarded.replaces(field.name) { return true }
        case .contentLength, .transferEncoding: return false
        case .traceParent where trace != nil: return true
        // Without its trace it says nothing.
        case .traceState where trace?.state.isEmpty == true: return true
        default: break
        }
        let span = bytes.readableBytesUInt8Span
        if scan.connection.contains(.others), scan.isNamedByConnection(field, span) { return true }
        if let clientCertificate, clientCertificate.folded.matches(span.extracting(field.nameRange)) { return true }
        return !route.requestEdits.isEmpty && route.requestEdits.drops(span.extracting(field.nameRange))
    }
}

extension ByteBuffer {
    /// A request with a field `Host` behind its first line.
    func insertingHost(_ host: String) -> ByteBuffer {
        guard let lineFeed = readableBytesView.firstIndex(of: 0x0A) else { return self }
        let end = lineFeed + 1 - readerIndex
        var bytes = ByteBufferAllocator().buffer(capacity: readableBytes + host.utf8.count + 8)
        bytes.write(0..<end, of: self)
        bytes.writeString("host: \(host)\r\n")
        bytes.write(end..<readableBytes, of: self)
        return bytes
    }
}
