// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import WireJSON

extension CloudEvent {
    /// An event with an envelope of its own, kept byte for byte; of this envelope's attributes it gets those that it
    /// lacks. Gives the id that it has then.
    package func completing(
        _ event: UnsafeRawBufferPointer
    ) throws(CloudEventError) -> (json: [UInt8], id: String) {
        let found = try OwnAttributes.read(event)
        var missing = JSONWriter()
        missing.beginObject()
        var fields = [
            ("id", id), ("source", source), ("specversion", Self.specificationVersion), ("type", type),
            ("time", time.toMilliseconds.rfc3339), ("topic", topic), ("pubsubname", pubsubName),
        ]
        fields += traceFields.map { ($0.name, $0.value) }
        if let expiration { fields.append(("expiration", expiration.toMilliseconds.rfc3339)) }
        for (name, value) in fields where !found.names.contains(name) { missing.field(name, value) }
        missing.endObject()
        return (Self.merge(missing.bytes, into: event, isEmpty: found.isEmpty), found.id ?? id)
    }

    /// Puts the members of one object before the end of another; both have been checked.
    private static func merge(_ members: [UInt8], into event: UnsafeRawBufferPointer, isEmpty: Bool) -> [UInt8] {
        let end = event.lastIndex(of: UInt8(ascii: "}")) ?? event.endIndex
        let added = members.dropFirst().dropLast()
        var json: [UInt8] = []
        json.reserveCapacity(event.count + members.count)
        json.append(contentsOf: event[..<end])
        if !isEmpty && !added.isEmpty { json.append(UInt8(ascii: ",")) }
        json.append(contentsOf: added)
        json.append(UInt8(ascii: "}"))
        return json
    }
}

/// What an event says of itself.
private struct OwnAttributes {
    var names: Set<String> = []
    var isEmpty = true
    var id: String?

    /// Attributes that must be texts with something in them.
    private static let texts: Set<String> = ["id", "source", "type", "specversion", "topic", "pubsubname", "time"]

    static func read(_ event: UnsafeRawBufferPointer) throws(CloudEventError) -> OwnAttributes {
        var attributes = OwnAttributes()
        var wrong: String?
        do throws(JSONError) {
            try JSONReader.read(event) { (reader) throws(JSONError) in
                try reader.object { (name, value) throws(JSONError) in
                    attributes.isEmpty = false
                    wrong = try attributes.take(name, &value) ?? wrong
                }
            }
        } catch { throw CloudEventError("the event isn't a JSON object: \(error)") }
        if let wrong { throw CloudEventError(wrong) }
        if attributes.names.isSuperset(of: ["data", "data_base64"]) {
            throw CloudEventError("found both data and data_base64, expected one of them")
        }
        return attributes
    }

    /// Returns what is wrong with the attribute. One that is null is absent, as CloudEvents' JSON format says.
    private mutating func take(_ name: String, _ value: inout JSONReader) throws(JSONError) -> String? {
        let kind = try value.peek()
        guard kind == .string, Self.texts.contains(name) || name == "data_base64" else {
            try value.skip()
            if kind == .null { return nil }
            names.insert(name)
            let mustBeText = Self.texts.contains(name) || name == "data_base64"
            return mustBeText ? "found \(kind) as \(name), expected a string" : nil
        }
        let text = try value.string()
        names.insert(name)
        if name == "id" { id = text }
        if name == "specversion", text != CloudEvent.specificationVersion {
            return "found another specversion, expected \"\(CloudEvent.specificationVersion)\""
        }
        return text.isEmpty && name != "data_base64" ? "found an empty \(name), expected text" : nil
    }
}
