// SPDX-License-Identifier: Apache-2.0

package import Core

/// The envelope of an event, as CloudEvents 1.0 defines it with the attributes that Dapr adds.
///
/// It is made for each event that is published; `json(data:contentType:)` puts plain data into it, `completing(_:)`
/// lends its attributes to an event that has an envelope of its own.
package struct CloudEvent: Sendable, Equatable {
    package static let contentType = "application/cloudevents+json"
    package static let typeDefault = "com.dapr.event.sent"
    /// The source of an event whose publisher nobody knows, because it was published raw.
    package static let rawSource = "Dapr"
    package static let binaryContentType = "application/octet-stream"
    package static let specificationVersion = "1.0"

    package var id: String
    package var source: String
    package var type = Self.typeDefault
    package var subject: String?
    package var topic: String
    package var pubsubName: String
    package var time: UTCTime
    package var traceParent: String?
    package var traceState: String?
    /// Dapr's older name for `traceParent`; its value unless somebody overrides it.
    package var traceID: String?
    /// When nobody wants the event any more.
    package var expiration: UTCTime?

    package init(
        id: String = UniqueID.random(), source: String, topic: String, pubsubName: String, time: UTCTime = .now()
    ) {
        self.id = id
        self.source = source
        self.topic = topic
        self.pubsubName = pubsubName
        self.time = time
    }

    /// The beginning of the names of a publisher's metadata that override attributes.
    package static let overridePrefix = "cloudevent."

    /// Takes an override such as `cloudevent.id`; false if there is no attribute of that name, or the value is empty
    /// where the attribute can't be.
    package mutating func override(_ name: String, with value: String) -> Bool {
        guard name.hasPrefix(Self.overridePrefix), !value.isEmpty else { return false }
        switch name.dropFirst(Self.overridePrefix.count) {
        case "id": id = value
        case "source": source = value
        case "type": type = value
        case "subject": subject = value
        case "traceid": traceID = value
        case "traceparent": traceParent = value
        case "tracestate": traceState = value
        default: return false
        }
        return true
    }
}

/// Why a text is no CloudEvent. It quotes no data.
package struct CloudEventError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}

/// Ids that nobody else makes.
package enum UniqueID {
    /// A random UUID (version 4) in lower case.
    package static func random() -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        for index in bytes.indices { bytes[index] = .random(in: 0...255) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0x0F)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
