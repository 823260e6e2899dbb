// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import WireJSON

extension CloudEvent {
    /// The event as JSON, with its data in the form that the content type asks for: JSON as it was sent, byte for byte,
    /// text as a string, anything else in base 64.
    package func json(data: UnsafeRawBufferPointer, contentType: String) -> [UInt8] {
        var json = JSONWriter(capacity: data.count + 512)
        json.beginObject()
        json.field("id", id)
        json.field("source", source)
        json.field("specversion", Self.specificationVersion)
        json.field("type", type)
        json.field("datacontenttype", contentType.isEmpty ? DataForm.contentTypeDefault : contentType)
        json.field("time", time.toMilliseconds.rfc3339)
        json.field("topic", topic)
        json.field("pubsubname", pubsubName)
        if let subject { json.field("subject", subject) }
        for (name, value) in traceFields { json.field(name, value) }
        if let expiration { json.field("expiration", expiration.toMilliseconds.rfc3339) }
        DataForm(contentType: contentType).write(data, to: &json)
        json.endObject()
        return json.bytes
    }

    var traceFields: [(name: String, value: String)] {
        [("traceid", traceID ?? traceParent), ("traceparent", traceParent), ("tracestate", traceState)].compactMap {
            name, value in value.map { (name, $0) }
        }
    }
}

/// How data of a content type is written into an envelope.
package enum DataForm: Sendable, Equatable {
    case json, text, binary
    /// A type that doesn't say which: as in Dapr, text if it can be, so that a form of `curl -d` can be read.
    case other

    /// What a publisher sends that names no content type, as Dapr has it.
    package static let contentTypeDefault = "text/plain"

    package init(contentType: String) {
        let type = Self.mediaType(contentType)
        switch type {
        case "", "application/xml": self = .text
        case "application/json": self = .json
        case CloudEvent.binaryContentType: self = .binary
        default: self = type.hasPrefix("text/") ? .text : type.hasSuffix("+json") ? .json : .other
        }
    }

    /// Whether the body is a CloudEvent already.
    package static func isCloudEvent(_ contentType: String) -> Bool { mediaType(contentType) == CloudEvent.contentType }

    /// The type without its parameters, in lower case.
    private static func mediaType(_ contentType: String) -> String {
        let type = contentType.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
        return String(Substring(type)).lowercased()
    }

    /// What isn't what its content type says is written in the next form that can hold it.
    fileprivate func write(_ data: UnsafeRawBufferPointer, to json: inout JSONWriter) {
        if self == .json, (try? JSONReader.read(data) { (reader) throws(JSONError) in try reader.skip() }) != nil {
            json.key("data")
            json.raw(data)
        } else if self != .binary, let text = String(validating: data, as: UTF8.self) {
            json.field("data", text)
        } else {
            json.field("data_base64", Base64.text(of: data))
        }
    }
}

extension UTCTime {
    /// Nobody reads the smaller digits, and some libraries can't.
    var toMilliseconds: UTCTime {
        UTCTime(seconds: seconds, nanoseconds: nanoseconds - nanoseconds % 1_000_000)
    }
}
