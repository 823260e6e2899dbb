// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
package import NIOCore
internal import WireCloudEvents
internal import WireJSON

/// One event of the body of a bulk publish.
package struct BulkPublishEntry: Sendable, Equatable {
    package var entryID: String
    package var body: ByteBuffer
    package var contentType: String
    package var metadata: [MessageHeader]

    /// Reads `[{"entryId": …, "event": …, "contentType": …, "metadata": {…}}]`. Ids must be there and differ.
    package static func read(_ body: ByteBuffer) throws(PublishError) -> [BulkPublishEntry] {
        let read = body.withUnsafeReadableBytes { bytes in
            Result { () throws(JSONError) in
                try JSONReader.read(bytes) { (reader) throws(JSONError) in
                    var fields: [Fields] = []
                    try reader.array { (element) throws(JSONError) in fields.append(try Self.fields(&element)) }
                    return fields
                }
            }
        }
        let fields: [Fields]
        do { fields = try read.get() } catch {
            throw PublishError(.invalidEntries, "the body isn't a list of entries: \(error)")
        }
        var ids: Set<String> = []
        var entries: [BulkPublishEntry] = []
        for (index, field) in fields.enumerated() {
            guard !field.entryID.isEmpty else { throw PublishError(.invalidEntries, "entry \(index) has no entryId") }
            guard ids.insert(field.entryID).inserted else {
                throw PublishError(.invalidEntries, "entry \(index) has the entryId of another one")
            }
            entries.append(
                BulkPublishEntry(
                    entryID: field.entryID, body: try field.data(from: body, index), contentType: field.contentType,
                    metadata: field.metadata))
        }
        return entries
    }

    private struct Fields {
        var entryID = ""
        var contentType = ""
        var metadata: [MessageHeader] = []
        /// The event if it is a string, and its bytes in the body.
        var text: String?
        var range: Range<Int>?

        /// The bytes that the content type says the event stands for.
        func data(from body: ByteBuffer, _ index: Int) throws(PublishError) -> ByteBuffer {
            guard let range else { throw PublishError(.invalidEntries, "entry \(index) has no event") }
            switch DataForm(contentType: contentType) {
            case .json:
                let start = body.readerIndex + range.lowerBound
                guard let json = body.getSlice(at: start, length: range.count) else { return ByteBuffer() }
                // The entry must not keep the whole bulk in memory.
                return ByteBuffer(bytes: json.readableBytesView)
            case .text:
                guard let text else {
                    throw PublishError(.invalidEntries, "the event of entry \(index) isn't a string")
                }
                return ByteBuffer(string: text)
            case .binary, .other:
                guard let bytes = text.flatMap(Base64.bytes) else {
                    throw PublishError(.invalidEntries, "the event of entry \(index) isn't in base 64")
                }
                return ByteBuffer(bytes: bytes)
            }
        }
    }

    private static func fields(_ reader: inout JSONReader) throws(JSONError) -> Fields {
        var fields = Fields()
        try reader.object { (name, value) throws(JSONError) in
            switch name.lowercased() {
            case "entryid": fields.entryID = try value.stringOrNull() ?? ""
            case "contenttype": fields.contentType = try value.stringOrNull() ?? ""
            case "event":
                let isText = try value.peek() == .string
                let start = value.offset
                if isText {
                    fields.text = try value.string()
                    fields.range = start..<value.offset
                } else {
                    fields.range = try value.validValue()
                }
            case "metadata":
                if try value.peek() == .null { return try value.null() }
                try value.object { (name, value) throws(JSONError) in
                    fields.metadata.append(MessageHeader(name, try value.stringOrNull() ?? ""))
                }
            default: try value.skip()
            }
        }
        return fields
    }
}
