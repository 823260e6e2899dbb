// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Messages become bytes (RFC 9112). What the fields say about framing is the caller's.
extension ByteBuffer {
    package mutating func writeHTTPHead(_ head: HTTPRequestHead) {
        writeString(head.method.name)
        writeStaticString(" ")
        writeString(head.target)
        writeStaticString(" HTTP/1.1\r\n")
        writeHTTPFields(head.fields)
        writeStaticString("\r\n")
    }

    /// The status line and the fields, without the empty line behind them, so that more fields can follow.
    package mutating func beginHTTPHead(_ head: HTTPResponseHead) {
        if head.status == .ok {
            writeStaticString("HTTP/1.1 200 OK\r\n")
        } else if head.status == .noContent {
            writeStaticString("HTTP/1.1 204 No Content\r\n")
        } else {
            writeString("HTTP/1.1 \(head.status.code) \(head.status.reason)\r\n")
        }
        writeHTTPFields(head.fields)
    }

    package mutating func writeHTTPField(_ name: StaticString, _ value: String) {
        writeStaticString(name)
        writeStaticString(": ")
        writeString(value)
        writeStaticString("\r\n")
    }

    package mutating func endHTTPHead() { writeStaticString("\r\n") }

    /// What comes before a chunk's bytes; `\r\n` follows them.
    package mutating func writeHTTPChunkSize(_ count: Int) {
        writeString(String(count, radix: 16))
        writeStaticString("\r\n")
    }

    /// The last chunk, with a trailer if there is one.
    package mutating func writeHTTPLastChunk(trailer: HTTPFields = [:]) {
        writeStaticString("0\r\n")
        writeHTTPFields(trailer)
        writeStaticString("\r\n")
    }

    private mutating func writeHTTPFields(_ fields: HTTPFields) {
        let base = fields.bytes.readerIndex
        for entry in fields.entries {
            // Safe: an entry's offsets lie within the readable bytes.
            if let name = fields.bytes.getSlice(at: base + Int(entry.nameStart), length: Int(entry.nameLength)) {
                writeImmutableBuffer(name)
            }
            writeStaticString(": ")
            if let value = fields.bytes.getSlice(at: base + Int(entry.valueStart), length: Int(entry.valueLength)) {
                writeImmutableBuffer(value)
            }
            writeStaticString("\r\n")
        }
    }
}
