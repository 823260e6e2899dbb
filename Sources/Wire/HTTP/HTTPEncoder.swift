// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Messages become bytes (RFC 9112). What the fields say about framing is the caller's.
extension ByteBuffer {
    /// The request line and the fields, without the empty line behind them, so that more fields can follow.
    package mutating func beginHTTPHead(_ head: HTTPRequestHead) {
        writeBytes(head.method.name.utf8.filter(\.isToken))
        writeStaticString(" ")
        writeTarget(head.target)
        writeStaticString(" HTTP/1.1\r\n")
        writeHTTPFields(head.fields)
    }

    package mutating func writeHTTPHead(_ head: HTTPRequestHead) {
        beginHTTPHead(head)
        endHTTPHead()
    }

    /// What would end the target, or its line, is percent-encoded: no target can bring a second request with it.
    private mutating func writeTarget(_ target: String) {
        guard !target.utf8.allSatisfy(\.isTarget) else {
            writeString(target)
            return
        }
        for byte in target.utf8 {
            if byte.isTarget {
                writeInteger(byte)
            } else {
                writeString(byte < 0x10 ? "%0" : "%")
                writeString(String(byte, radix: 16, uppercase: true))
            }
        }
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
        for entry in fields.entries {
            writeImmutableBuffer(fields.slice(entry.nameRange))
            writeStaticString(": ")
            writeImmutableBuffer(fields.slice(entry.valueRange))
            writeStaticString("\r\n")
        }
    }
}
