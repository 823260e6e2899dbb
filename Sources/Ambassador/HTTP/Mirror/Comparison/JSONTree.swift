// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import WireJSON

/// A JSON text whole, to be compared with another.
indirect enum JSONTree: Sendable, Equatable {
    case object([String: JSONTree])
    case array([JSONTree])
    case string(String)
    /// As it was written.
    case number(String)
    case bool(Bool)
    case null

    /// The most bytes that are read as JSON: what is longer is compared as bytes.
    static let bytesMax = 4 << 20

    /// Nil for what isn't JSON, or is too long.
    init?(_ bytes: ByteBuffer) {
        guard bytes.readableBytes <= Self.bytesMax else { return nil }
        do throws(JSONError) {
            self = try bytes.withUnsafeReadableBytes { text throws(JSONError) in
                // Safe: the reader and what it reads from end with the closure.
                try JSONReader.read(text) { (reader) throws(JSONError) in try Self.read(&reader, text) }
            }
        } catch { return nil }
    }

    private static func read(
        _ reader: inout JSONReader, _ text: UnsafeRawBufferPointer
    ) throws(JSONError) -> JSONTree {
        switch try reader.peek() {
        case .object:
            var members: [String: JSONTree] = [:]
            try reader.object { (key, reader) throws(JSONError) in members[key] = try read(&reader, text) }
            return .object(members)
        case .array:
            var elements: [JSONTree] = []
            try reader.array { (reader) throws(JSONError) in elements.append(try read(&reader, text)) }
            return .array(elements)
        case .string: return .string(try reader.string())
        case .number:
            let range = try reader.validValue()
            return .number(String(decoding: UnsafeRawBufferPointer(rebasing: text[range]), as: UTF8.self))
        case .bool: return .bool(try reader.bool())
        case .null:
            try reader.null()
            return .null
        }
    }

    /// Whether two values that have no others in them are the same: 1.0 is 1.
    func isSame(as other: JSONTree) -> Bool {
        guard case .number(let a) = self, case .number(let b) = other, a != b else { return self == other }
        // Integers that a Double can't tell apart have different digits.
        guard Int64(a) == nil || Int64(b) == nil else { return false }
        return Double(a) == Double(b)
    }
}
