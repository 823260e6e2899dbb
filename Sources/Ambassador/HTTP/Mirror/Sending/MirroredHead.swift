// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// The head of a request that is copied, without what each copy has of its own: the host, and the mark.
struct MirroredHead {
    /// Whoever gets a copy can tell it from a request that somebody waits for; a proxy that gets one doesn't copy it
    /// again. The host stays as it was, because servers choose by it.
    static let mark = "x-mirrored"

    /// What the mark says.
    enum Purpose: String {
        /// A copy for a shadow.
        case shadow
        /// The same request for the same servers, to see what differs anyway.
        case again
    }

    private let startLine: ByteBuffer
    private let fields: ByteBuffer
    /// The host that the request names; empty if it names none.
    let host: ByteBuffer

    /// Copies a head that was made for an upstream; nil for one that isn't whole.
    ///
    /// - Parameter host: the host that the client asked for: a head that gets its server's later names none.
    init?(_ head: ByteBuffer, scan: inout HTTPHeadScan, host: ByteBuffer) {
        guard let length = (try? scan.scanRequest(head.readableBytesUInt8Span)) ?? nil else { return nil }
        let start = scan.fields.first.map { Int($0.nameStart) } ?? length - 2
        startLine = head.copy(0..<start)
        var fields = ByteBufferAllocator().buffer(capacity: length)
        var run = start
        // The body is sent at once, so nobody is asked whether it may be; the host is put in for each copy.
        for field in scan.fields where field.name == .expect || field.name == .host {
            fields.writeImmutableBuffer(head.copy(run..<Int(field.nameStart)))
            run = Int(field.end)
        }
        fields.writeImmutableBuffer(head.copy(run..<length - 2))
        self.fields = fields
        self.host = scan.host.map(head.copy) ?? host
    }

    /// Whether a request that came is a copy itself.
    static func isMarked(_ scan: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>) -> Bool {
        for index in scan.fields.indices {
            let field = scan.fields[index]
            guard field.name == .other, bytes.extracting(field.nameRange).equalsIgnoringCase(mark.utf8.span) else {
                continue
            }
            return true
        }
        return false
    }

    /// The request as it is sent, in one piece.
    func bytes(for purpose: Purpose, host: ByteBuffer, body: ByteBuffer) -> ByteBuffer {
        var bytes = ByteBufferAllocator().buffer(
            capacity: startLine.readableBytes + fields.readableBytes + host.readableBytes + body.readableBytes + 64)
        bytes.writeImmutableBuffer(startLine)
        bytes.writeStaticString("host: ")
        bytes.writeImmutableBuffer(host)
        bytes.writeStaticString("\r\n")
        bytes.writeImmutableBuffer(fields)
        bytes.writeString("\(Self.mark): \(purpose.rawValue)\r\n\r\n")
        bytes.writeImmutableBuffer(body)
        return bytes
    }

    /// For people: the method, and the path without its query.
    var words: (method: String, path: String) {
        let parts = String(buffer: startLine).split(separator: " ", maxSplits: 2)
        guard parts.count == 3 else { return ("", "") }
        return (String(parts[0]), String(parts[1].prefix { $0 != "?" }))
    }
}

extension ByteBuffer {
    /// So many of the readable bytes, in memory of their own.
    func copy(_ range: Range<Int>) -> ByteBuffer {
        ByteBuffer(bytes: readableBytesView.dropFirst(range.lowerBound).prefix(range.count))
    }
}
