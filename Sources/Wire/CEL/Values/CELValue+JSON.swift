// SPDX-License-Identifier: Apache-2.0

package import WireJSON

extension CELValue {
    /// JSON nested deeper than this is no value for a rule: an evaluation follows values by recursion.
    package static let jsonDepthMax = 64

    /// The value of a JSON text, whose numbers are doubles, as in the events that Dapr's rules see. Of a repeated key
    /// the last value counts.
    package static func json(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> CELValue {
        try JSONReader.read(bytes) { (reader) throws(JSONError) in try value(&reader, bytes, depth: 0) }
    }

    private static func value(
        _ reader: inout JSONReader, _ bytes: UnsafeRawBufferPointer, depth: Int
    ) throws(JSONError) -> CELValue {
        guard depth < jsonDepthMax else { throw reader.error(.depthExceeded(jsonDepthMax)) }
        switch try reader.peek() {
        case .object:
            var map = CELMap()
            try reader.object { (key, value) throws(JSONError) in
                map.set(key, try Self.value(&value, bytes, depth: depth + 1))
            }
            return .map(map)
        case .array:
            var list: [CELValue] = []
            try reader.array { (element) throws(JSONError) in
                list.append(try value(&element, bytes, depth: depth + 1))
            }
            return .list(list)
        case .string: return .string(try reader.string())
        case .number:
            let range = try reader.validValue()
            let text = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
            // The reader has checked the number's form, which is one of Swift's forms.
            return .double(Double(text) ?? .nan)
        case .bool: return .bool(try reader.bool())
        case .null:
            try reader.null()
            return .null
        }
    }
}
