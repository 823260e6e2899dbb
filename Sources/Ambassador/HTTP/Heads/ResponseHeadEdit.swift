// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import WireHTTP

/// Copies a response's head for the client. Of an informational one what isn't for the client is left out, and nothing
/// is put in.
struct ResponseHeadEdit {
    let route: Route?
    /// The client is told that its connection ends.
    let closes: Bool
    let addsChunks: Bool
    let dropsChunks: Bool
    /// `Server` and `Strict-Transport-Security` as lines, if they are to be set.
    let serverLine: ByteBuffer?
    let strictTransportLine: ByteBuffer?

    func write(_ bytes: ByteBuffer, _ length: Int, _ scan: borrowing HTTPHeadScan, into out: inout ByteBuffer) {
        let edits = route?.responseEdits
        var run = 0
        if scan.version == .http10 {
            out.writeStaticString("HTTP/1.1")
            run = 8
        }
        if scan.hasConnectionFields || dropsChunks || edits?.isEmpty == false || replacesOwn(scan.present) {
            for field in scan.fields where drops(field, scan, bytes, edits) {
                out.write(run..<Int(field.nameStart), of: bytes)
                run = Int(field.end)
            }
        }
        guard scan.status >= 200 else { return out.write(run..<length, of: bytes) }
        out.write(run..<length - 2, of: bytes)
        if addsChunks { out.writeStaticString("transfer-encoding: chunked\r\n") }
        if closes { out.writeStaticString("connection: close\r\n") }
        let omitted = edits?.known ?? HTTPFieldNames()
        if let serverLine, !omitted.contains(.server) { out.writeImmutableBuffer(serverLine) }
        if let strictTransportLine, !omitted.contains(.strictTransportSecurity) {
            out.writeImmutableBuffer(strictTransportLine)
        }
        if let edits, !edits.isEmpty { edits.append(to: &out) }
        out.writeStaticString("\r\n")
    }

    /// Whether the server says what is said in its place.
    @inline(__always)
    private func replacesOwn(_ present: HTTPFieldNames) -> Bool {
        serverLine != nil && present.contains(.server)
            || strictTransportLine != nil && present.contains(.strictTransportSecurity)
    }

    private func drops(
        _ field: HTTPHeadScan.Field, _ scan: borrowing HTTPHeadScan, _ bytes: ByteBuffer, _ edits: FieldEdits?
    ) -> Bool {
        switch field.name {
        // What asks for a login at a proxy between is the client's to answer.
        case .proxyAuthenticate: return false
        case .transferEncoding: return dropsChunks
        // A response says with `Upgrade` alone what it could speak, which the connection to us can't.
        case .connection, .keepAlive, .trailer, .upgrade, .proxyConnection, .te: return true
        case .contentLength: return false
        case .server where serverLine != nil: return true
        // Browsers would take the first.
        case .strictTransportSecurity where strictTransportLine != nil: return true
        default: break
        }
        let span = bytes.readableBytesUInt8Span
        if scan.connection.contains(.others), scan.isNamedByConnection(field, span) { return true }
        guard let edits, !edits.isEmpty else { return false }
        return edits.drops(span.extracting(field.nameRange))
    }
}
