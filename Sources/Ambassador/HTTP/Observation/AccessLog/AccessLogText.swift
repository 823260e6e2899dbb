// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// How values stand in a line, so that no client can end the line or a value of it.
enum AccessLogText {
    /// A text as JSON has it, in quotes; else as `ByteBuffer.writeLogText` writes it.
    static func text(_ bytes: [UInt8], isJSON: Bool) -> [UInt8] {
        var buffer = ByteBuffer()
        if isJSON { buffer.writeJSONText(bytes.span) } else { buffer.writeLogText(bytes.span) }
        return Array(buffer.readableBytesView)
    }
}

extension Span<UInt8> {
    fileprivate var isUTF8: Bool {
        do {
            _ = try UTF8Span(validating: self)
            return true
        } catch {
            return false
        }
    }
}

extension ByteBuffer {
    /// In quotes (RFC 8259). Bytes that are no UTF-8 are taken for Latin-1.
    mutating func writeJSONText(_ bytes: borrowing Span<UInt8>) {
        let isUTF8 = bytes.isUTF8
        writeInteger(UInt8(ascii: "\""))
        for index in bytes.indices {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                writeInteger(UInt8(ascii: "\\"))
                writeInteger(byte)
            case _ where byte < 0x20 || byte == 0x7F || byte >= 0x80 && !isUTF8:
                writeStaticString("\\u00")
                writeHexadecimal(byte)
            default: writeInteger(byte)
            }
        }
        writeInteger(UInt8(ascii: "\""))
    }

    /// As nginx writes it: quotes, backslashes, control characters and what is no ASCII as `\x22`.
    mutating func writeLogText(_ bytes: borrowing Span<UInt8>) {
        for index in bytes.indices {
            let byte = bytes[index]
            if byte < 0x20 || byte > 0x7E || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                writeStaticString("\\x")
                writeHexadecimal(byte)
            } else {
                writeInteger(byte)
            }
        }
    }

    private mutating func writeHexadecimal(_ byte: UInt8) {
        for digit in [byte >> 4, byte & 0x0F] {
            writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
        }
    }

    /// Digits, with zeros before them up to a width of at most 20.
    mutating func writeDecimal(_ number: UInt64, width: Int = 1) {
        var rest = number
        var digits = [20 of UInt8](repeating: UInt8(ascii: "0"))
        var count = 0
        while rest > 0 || count < width {
            digits[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            count += 1
        }
        while count > 0 {
            count -= 1
            writeInteger(digits[count])
        }
    }
}
