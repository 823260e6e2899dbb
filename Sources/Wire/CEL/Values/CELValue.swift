// SPDX-License-Identifier: Apache-2.0

package import Core

/// A value of the Common Expression Language (CEL).
///
/// It isn't `Equatable` on purpose: what equal means is the language's business (`CELEvaluator.areEqual`), where `1`,
/// `1u` and `1.0` are equal and texts are the same only code point by code point.
package enum CELValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list([CELValue])
    case map(CELMap)
    case timestamp(UTCTime)
    /// In nanoseconds, as Go's library keeps it: up to about 292 years.
    case duration(Int64)
    case type(CELType)

    var type: CELType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .list: .list
        case .map: .map
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type
        }
    }
}

/// A type as a value. The raw value is its name in an expression.
package enum CELType: String, Sendable {
    case bool, int, uint, double, string, bytes, list, map, type
    case null = "null_type"
    case timestamp = "google.protobuf.Timestamp"
    case duration = "google.protobuf.Duration"
}

/// A map of CEL. It keeps the order of its entries, so that one expression gives one result.
package struct CELMap: Sendable {
    private var places: [CELKey: Int] = [:]
    package private(set) var entries: [(key: CELValue, value: CELValue)] = []

    package init() {}

    /// Adds an entry; false if the key isn't one or is there already.
    mutating func insert(_ key: CELValue, _ value: CELValue) -> Bool {
        guard let place = CELKey(key), places[place] == nil else { return false }
        places[place] = entries.count
        entries.append((key, value))
        return true
    }

    /// Puts a value under a text, in the place of an earlier one.
    package mutating func set(_ key: String, _ value: CELValue) {
        if let place = places[.string(ExactText(key))] {
            entries[place].value = value
        } else {
            _ = insert(.string(key), value)
        }
    }

    package subscript(key: CELValue) -> CELValue? {
        guard let key = CELKey(key), let place = places[key] else { return nil }
        return entries[place].value
    }
}

/// What a map finds an entry by. Numbers of one value are one key, whatever their types.
enum CELKey: Hashable {
    case bool(Bool)
    case int(Int64)
    /// Above the largest `int`.
    case uint(UInt64)
    case string(ExactText)

    init?(_ value: CELValue) {
        switch value {
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .uint(let value): self = Int64(exactly: value).map(CELKey.int) ?? .uint(value)
        case .double(let value):
            if let value = Int64(exactly: value) {
                self = .int(value)
            } else if let value = UInt64(exactly: value) {
                self = .uint(value)
            } else {
                return nil
            }
        case .string(let value): self = .string(ExactText(value))
        default: return nil
        }
    }
}

/// A text that is the same as another only if all code points are; Swift's `String` takes canonically equivalent ones
/// for the same.
struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (a: ExactText, b: ExactText) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
