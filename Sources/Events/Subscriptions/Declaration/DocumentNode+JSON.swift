// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import WireJSON

extension DocumentNode {
    /// A JSON text as a document, so that what is read from either has one reader and problems with places.
    init(json text: UnsafeRawBufferPointer, named name: String) throws(JSONError) {
        var reading = JSONDocument(text: text, name: name)
        self = try JSONReader.read(text) { (reader) throws(JSONError) in try reading.node(&reader, depth: 0) }
    }
}

/// Follows a reader and knows its line.
private struct JSONDocument {
    /// Nobody's subscriptions nest deeper; reading recurses.
    static let depthMax = 32

    let text: UnsafeRawBufferPointer
    let name: String
    private var line = 1
    private var lineStart = 0
    private var counted = 0

    init(text: UnsafeRawBufferPointer, name: String) {
        self.text = text
        self.name = name
    }

    mutating func node(_ reader: inout JSONReader, depth: Int) throws(JSONError) -> DocumentNode {
        guard depth < Self.depthMax else { throw reader.error(.depthExceeded(Self.depthMax)) }
        let kind = try reader.peek()
        let location = location(of: reader.offset)
        switch kind {
        case .object:
            var entries: [DocumentNode.Entry] = []
            try reader.object { (key, value) throws(JSONError) in
                let node = try node(&value, depth: depth + 1)
                entries.append(DocumentNode.Entry(key: key, keyLocation: node.location, value: node))
            }
            return DocumentNode(.mapping(entries), at: location)
        case .array:
            var items: [DocumentNode] = []
            try reader.array { (element) throws(JSONError) in items.append(try node(&element, depth: depth + 1)) }
            return DocumentNode(.sequence(items), at: location)
        case .string: return DocumentNode(.scalar(try reader.string(), isQuoted: true), at: location)
        case .number, .bool, .null:
            let range = try reader.validValue()
            let literal = String(decoding: UnsafeRawBufferPointer(rebasing: text[range]), as: UTF8.self)
            return DocumentNode(.scalar(literal, isQuoted: false), at: location)
        }
    }

    /// Offsets come in ascending order, so every byte is looked at once.
    private mutating func location(of offset: Int) -> SourceLocation {
        while counted < offset {
            if text[counted] == UInt8(ascii: "\n") {
                line += 1
                lineStart = counted + 1
            }
            counted += 1
        }
        return .file(name, line: line, column: offset - lineStart + 1)
    }
}
