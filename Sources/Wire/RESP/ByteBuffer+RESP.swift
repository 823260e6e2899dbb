// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Writing RESP. Headers are written without memory of their own, since split commands and merged replies are made of
/// them.
extension ByteBuffer {
    /// A type with a number behind it: `:1`, or the header of a string, an array or any other aggregate.
    package mutating func writeRESP(_ type: Unicode.Scalar, _ number: Int) {
        writeInteger(UInt8(ascii: type))
        writeRESPDecimal(number)
        writeInteger(0x0D0A, as: UInt16.self)
    }

    /// A string of bytes.
    package mutating func writeRESPBulk(_ bytes: borrowing Span<UInt8>) {
        writeRESP("$", bytes.count)
        writeBytes(bytes.bytes)
        writeInteger(0x0D0A, as: UInt16.self)
    }

    /// A string of bytes.
    package mutating func writeRESPBulk(_ text: String) {
        writeRESP("$", text.utf8.count)
        writeString(text)
        writeInteger(0x0D0A, as: UInt16.self)
    }

    /// A command: its name and its arguments as strings.
    package mutating func writeRESPCommand(_ arguments: [String]) {
        writeRESP("*", arguments.count)
        for argument in arguments { writeRESPBulk(argument) }
    }

    /// One line, `+OK` or `-ERR text`. Characters that would end the line become spaces, as in Redis.
    package mutating func writeRESPLine(_ type: Unicode.Scalar, _ text: String) {
        writeInteger(UInt8(ascii: type))
        for byte in text.utf8 { writeInteger(byte == 0x0D || byte == 0x0A ? 0x20 : byte) }
        writeInteger(0x0D0A, as: UInt16.self)
    }

    mutating func writeRESPDecimal(_ number: Int) {
        if number < 0 { writeInteger(UInt8(ascii: "-")) }
        var rest = number.magnitude
        var digits = [20 of UInt8](repeating: 0)
        var count = 0
        repeat {
            digits[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            count += 1
        } while rest > 0
        while count > 0 {
            count -= 1
            writeInteger(digits[count])
        }
    }

    /// A value for a client of that version. What RESP2 has no word for is written as Redis writes it there: maps as
    /// flat arrays, sets and pushes as arrays, booleans as integers, doubles and big numbers as strings, no attributes.
    package mutating func writeRESP(_ value: RESPValue, _ version: RESPVersion) {
        let isThree = version == .three
        switch value {
        case .simple(let text): writeRESPLine("+", text)
        case .error(let text): writeRESPLine("-", text)
        case .integer(let number): writeRESP(":", Int(number))
        case .bulk(let bytes): writeRESPBulk(bytes.readableBytesUInt8Span)
        case .null: writeStaticString(isThree ? "_\r\n" : "$-1\r\n")
        case .nullArray: writeStaticString(isThree ? "_\r\n" : "*-1\r\n")
        case .array(let values): writeRESP("*", values, version)
        case .set(let values): writeRESP(isThree ? "~" : "*", values, version)
        case .push(let values): writeRESP(isThree ? ">" : "*", values, version)
        case .bool(let bool): writeStaticString(isThree ? (bool ? "#t\r\n" : "#f\r\n") : (bool ? ":1\r\n" : ":0\r\n"))
        case .double(let number) where isThree: writeRESPLine(",", Self.text(number))
        case .double(let number): writeRESPBulk(Self.text(number))
        case .bigNumber(let digits) where isThree: writeRESPLine("(", digits)
        case .bigNumber(let digits): writeRESPBulk(digits)
        case .verbatim(let format, let bytes) where isThree:
            writeRESP("=", bytes.readableBytes + 4)
            writeString(format + ":")
            writeImmutableBuffer(bytes)
            writeStaticString("\r\n")
        case .verbatim(_, let bytes): writeRESPBulk(bytes.readableBytesUInt8Span)
        case .map(let pairs):
            writeRESP(isThree ? "%" : "*", isThree ? pairs.count : pairs.count * 2)
            writeRESP(pairs, version)
        case .attributed(let pairs, let value):
            if isThree {
                writeRESP("|", pairs.count)
                writeRESP(pairs, version)
            }
            writeRESP(value, version)
        }
    }

    private mutating func writeRESP(_ type: Unicode.Scalar, _ values: [RESPValue], _ version: RESPVersion) {
        writeRESP(type, values.count)
        for value in values { writeRESP(value, version) }
    }

    private mutating func writeRESP(_ pairs: [RESPPair], _ version: RESPVersion) {
        for pair in pairs {
            writeRESP(pair.key, version)
            writeRESP(pair.value, version)
        }
    }

    /// Redis writes whole numbers without a fraction.
    private static func text(_ number: Double) -> String {
        let text = "\(number)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
