// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import WireHTTP

/// What is changed in the fields of a head that is passed on: lines that are left out, and lines that are put in.
struct FieldEdits: Sendable {
    private var bytes = PatternBytes()
    /// The names of fields that are left out, in lower case.
    private var dropped: [PatternBytes.Place] = []
    /// The lengths of those names, a bit each (of 63 and more the last), so that most fields are passed by at once.
    private var lengths: UInt64 = 0
    private var lines = ByteBuffer()
    /// Those of the fields that the proxy writes itself, too, that are left out.
    private(set) var known = HTTPFieldNames()

    init(_ edits: FieldEditsConfiguration) {
        for (name, value) in edits.set {
            drop(name)
            lines.writeLine(name, value)
        }
        for name in edits.remove { drop(name) }
        for (name, value) in edits.add { lines.writeLine(name, value) }
    }

    var isEmpty: Bool { dropped.isEmpty && lines.readableBytes == 0 }

    /// Whether the field of this name is left out.
    @inline(__always)
    func drops(_ name: borrowing Span<UInt8>) -> Bool {
        guard lengths & Self.bit(name.count) != 0 else { return false }
        return isDropped(name)
    }

    /// Writes the lines that are put in, each with its end.
    @inline(__always)
    func append(to buffer: inout ByteBuffer) {
        guard lines.readableBytes > 0 else { return }
        buffer.writeImmutableBuffer(lines)
    }

    private func isDropped(_ name: borrowing Span<UInt8>) -> Bool {
        for place in dropped where bytes.isSameIgnoringCase(place, name, 0..<name.count) { return true }
        return false
    }

    private mutating func drop(_ name: String) {
        dropped.append(bytes.add(name.lowercased()))
        lengths |= Self.bit(name.utf8.count)
        known.insert(HTTPFieldName(name.utf8.span))
    }

    @inline(__always)
    private static func bit(_ length: Int) -> UInt64 { 1 << UInt64(min(length, 63)) }
}

extension ByteBuffer {
    /// Writes a field's line with its end.
    mutating func writeLine(_ name: String, _ value: String) { writeString("\(name): \(value)\r\n") }
}
