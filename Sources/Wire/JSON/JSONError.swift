// SPDX-License-Identifier: Apache-2.0

/// Where and why a text is not the JSON that was expected. It quotes nothing of the text but single bytes.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Reason: Sendable, Equatable {
        case endOfText
        case byteUnexpected(UInt8, expected: String)
        case controlCharacterInString
        case escapeInvalid
        case surrogateAlone
        case numberInvalid
        case numberOutOfRange
        case utf8Invalid
        case depthExceeded(Int)
        case typeMismatch(found: JSONKind, expected: String)
        case textAfterValue
    }

    package var reason: Reason
    /// Bytes before the place.
    package var offset: Int
    /// Line and column count from 1; the column counts bytes.
    package var line: Int
    package var column: Int

    package var description: String { "\(sentence) at line \(line), column \(column)" }

    private var sentence: String {
        switch reason {
        case .endOfText: "unexpected end of JSON"
        case .byteUnexpected(let byte, let expected): "found \(Self.name(of: byte)), expected \(expected)"
        case .controlCharacterInString: "a control character in a string must be escaped"
        case .escapeInvalid: "a string has an escape that JSON doesn't know"
        case .surrogateAlone: "a string has half of a surrogate pair"
        case .numberInvalid: "a number is malformed"
        case .numberOutOfRange: "a number is not an integer of 64 bits"
        case .utf8Invalid: "a string is not UTF-8"
        case .depthExceeded(let max): "values are nested deeper than \(max)"
        case .typeMismatch(let found, let expected): "found \(found), expected \(expected)"
        case .textAfterValue: "there is text after the JSON value"
        }
    }

    private static func name(of byte: UInt8) -> String {
        (0x20..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(String(byte, radix: 16))"
    }
}

/// The kinds of JSON value.
package enum JSONKind: Sendable, Equatable, CustomStringConvertible {
    case object, array, string, number, bool, null

    package var description: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .number: "a number"
        case .bool: "a boolean"
        case .null: "null"
        }
    }
}
