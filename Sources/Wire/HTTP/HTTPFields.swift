// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The header or trailer fields of a message, in their order (RFC 9110, section 5).
///
/// All bytes are in one buffer, where they came in; a list of offsets tells the fields apart. So a head costs one small
/// allocation however many fields it has, and forwarding one copies bytes without making strings of them. Names are
/// compared without case, as ASCII.
package struct HTTPFields: Sendable {
    typealias Entry = HTTPHeadScan.Field

    private(set) var bytes: ByteBuffer
    /// With offsets from the buffer's reader index. Where a line ends has a meaning only in a head as it came.
    private(set) var entries: ContiguousArray<Entry>

    package init() {
        bytes = ByteBuffer()
        entries = []
    }

    init(bytes: ByteBuffer, entries: ContiguousArray<Entry>) {
        self.bytes = bytes
        self.entries = entries
    }

    /// Whether a text may be the name of a field.
    package static func isName(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(\.isToken) }

    /// Whether a text may be the value of a field, without a byte that ends its line or cuts it.
    package static func isValue(_ text: String) -> Bool { text.utf8.allSatisfy(\.isFieldValue) }

    package var count: Int { entries.count }
    package var isEmpty: Bool { entries.isEmpty }
    /// About what the fields take when they are written.
    package var byteCount: Int { bytes.readableBytes + entries.count * 4 }

    // MARK: - Reading

    /// The value of the first field with this name.
    package subscript(name: String) -> String? {
        get { index(of: name).map(value(at:)) }
        set {
            remove(name)
            if let newValue { append(name, newValue) }
        }
    }

    package func contains(_ name: String) -> Bool { index(of: name) != nil }

    /// How many fields have this name.
    package func count(of name: String) -> Int {
        let name = name.utf8.span
        var count = 0
        for entry in entries where matches(entry, name) { count += 1 }
        return count
    }

    package func name(at index: Int) -> String {
        text(entries[index].nameRange)
    }

    /// Bytes that aren't UTF-8 are replaced; whoever forwards a value uses `append(contentsOf:)`, which keeps them.
    package func value(at index: Int) -> String {
        text(entries[index].valueRange)
    }

    /// Whether a field that is a list of tokens, such as `Connection`, has this one (RFC 9110, section 5.6.1).
    package func hasToken(_ name: String, _ token: String) -> Bool {
        var isFound = false
        forEachToken(name) { bytes in if bytes.equalsIgnoringCase(token.utf8.span) { isFound = true } }
        return isFound
    }

    /// Calls `body` with each element of the lists in the fields of this name, without the white space around it.
    package func forEachToken(_ name: String, _ body: (borrowing Span<UInt8>) -> Void) {
        let name = name.utf8.span
        let all = bytes.readableBytesUInt8Span
        for entry in entries where matches(entry, name) {
            all.extracting(entry.valueRange).forEachListElement(body)
        }
    }

    /// The elements of the lists in the fields of this name.
    package func tokens(of name: String) -> [String] {
        var tokens: [String] = []
        forEachToken(name) { bytes in if let text = bytes.text { tokens.append(text) } }
        return tokens
    }

    package func withValue<Result>(at index: Int, _ body: (borrowing Span<UInt8>) -> Result) -> Result {
        body(bytes.readableBytesUInt8Span.extracting(entries[index].valueRange))
    }

    /// Whether the field at this place has this name.
    package func isNamed(_ name: String, at index: Int) -> Bool { matches(entries[index], name.utf8.span) }

    private func index(of name: String) -> Int? {
        let name = name.utf8.span
        for index in entries.indices where matches(entries[index], name) { return index }
        return nil
    }

    private func matches(_ entry: Entry, _ name: borrowing Span<UInt8>) -> Bool {
        guard entry.nameRange.count == name.count else { return false }
        return bytes.readableBytesUInt8Span.extracting(entry.nameRange).equalsIgnoringCase(name)
    }

    private func text(_ range: Range<Int>) -> String {
        // Safe: an entry's offsets lie within the readable bytes.
        bytes.getString(at: bytes.readerIndex + range.lowerBound, length: range.count) ?? ""
    }

    /// The bytes of a part of an entry.
    func slice(_ range: Range<Int>) -> ByteBuffer {
        // Safe: an entry's offsets lie within the readable bytes.
        bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    // MARK: - Changing

    /// Puts a field at the end, so that it is that one field for whoever reads it: a value is cut before the first byte
    /// that can't be in one, such as a line's end, and nothing is put in under a name that can't be one.
    package mutating func append(_ name: String, _ value: String) {
        guard !name.isEmpty, name.utf8.allSatisfy(\.isToken) else { return }
        let nameStart = bytes.readableBytes
        bytes.writeString(name)
        let valueStart = bytes.readableBytes
        if value.utf8.allSatisfy(\.isFieldValue) {
            bytes.writeString(value)
        } else {
            bytes.writeBytes(value.utf8.prefix(while: \.isFieldValue))
        }
        appendEntry(HTTPFieldName(name.utf8.span), nameStart..<valueStart)
    }

    /// For what has been written from `nameRange` to the end.
    private mutating func appendEntry(_ name: HTTPFieldName, _ nameRange: Range<Int>) {
        let end = bytes.readableBytes
        entries.append(Entry(name, nameRange, nameRange.upperBound..<end, end: end))
    }

    /// Puts the fields of another list for which `isWanted` says so at the end, byte for byte.
    package mutating func append(contentsOf other: HTTPFields, where isWanted: (Int) -> Bool) {
        for index in other.entries.indices where isWanted(index) {
            let entry = other.entries[index]
            let start = bytes.readableBytes
            bytes.writeImmutableBuffer(other.slice(entry.nameRange))
            bytes.writeImmutableBuffer(other.slice(entry.valueRange))
            appendEntry(entry.name, start..<start + entry.nameRange.count)
        }
    }

    /// Removes every field with this name.
    package mutating func remove(_ name: String) {
        guard contains(name) else { return }
        let name = name.utf8.span
        entries = entries.filter { !matches($0, name) }
    }
}

extension HTTPFields: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { append(name, value) }
    }
}

extension HTTPFields: Equatable {
    /// Equal if they have the same fields in the same order, byte for byte but for the case of names.
    package static func == (a: HTTPFields, b: HTTPFields) -> Bool {
        guard a.count == b.count else { return false }
        return a.entries.indices.allSatisfy { index in
            a.withValue(at: index) { value in b.withValue(at: index) { value.isSame(as: $0) } }
                && a.isNamed(b.name(at: index), at: index)
        }
    }
}
