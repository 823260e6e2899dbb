// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import LogBroker
import NIOCore
import WireCloudEvents
import WireJSON

/// A subscription of one component, for `/admin/pubsub`.
struct SubscriptionStanding {
    var pubsub: String
    var status: SubscriptionStatus
    var parkedCount: Int64
}

extension [SubscriptionStanding] {
    func json(appID: String) -> [UInt8] {
        .answer(appID: appID, "subscriptions", self) { standing, json in
            let status = standing.status
            json.field("pubsub", standing.pubsub)
            json.field("topic", status.topic)
            json.field("group", status.group)
            json.field("lagEvents", Int(status.lagCount))
            json.key("lagSeconds")
            json.number(status.lagSeconds)
            json.field("parked", Int(standing.parkedCount))
            json.key("deadLetterTopic")
            if let topic = status.deadLetterTopic { json.string(topic) } else { json.null() }
            json.field("partitions", status.partitionCount)
            json.field("paused", status.isPaused)
        }
    }

    var text: String {
        var table = TextTable([
            ("PUBSUB", .left), ("TOPIC", .left), ("LAG", .right), ("BEHIND", .right), ("PARKED", .right),
            ("DEAD LETTERS", .left), ("STATE", .left),
        ])
        for standing in self {
            let status = standing.status
            let tenths = Int((status.lagSeconds * 10).rounded())
            table.add([
                standing.pubsub, status.topic, "\(status.lagCount)", "\(tenths / 10).\(tenths % 10) s",
                "\(standing.parkedCount)", status.deadLetterTopic ?? "none",
                status.state,
            ])
        }
        return table.text
    }
}

extension SubscriptionStatus {
    /// In words, for people.
    fileprivate var state: String {
        if isPaused { return "paused: the app is down or unwell" }
        switch partitionCount {
        case EventPartition.count: return "delivering"
        case 0: return "standing by: other instances deliver"
        default: return "delivering \(partitionCount) of \(EventPartition.count) partitions"
        }
    }
}

/// What is parked of one topic, for `/admin/pubsub/parked`.
struct ParkedList {
    var pubsub: String
    var topic: String
    /// All that are parked; the list may hold fewer.
    var count: Int64
    var messages: [ParkedMessage]
}

extension [ParkedList] {
    func json(appID: String, showsData: Bool) -> [UInt8] {
        .answer(appID: appID, "topics", self) { list, json in
            json.field("pubsub", list.pubsub)
            json.field("topic", list.topic)
            json.field("parked", Int(list.count))
            json.key("messages")
            json.beginArray()
            for message in list.messages { message.write(to: &json, showsData: showsData) }
            json.endArray()
        }
    }

    func text(showsData: Bool) -> String {
        var table = TextTable([
            ("PUBSUB", .left), ("TOPIC", .left), ("ID", .left), ("KEY", .left), ("TRIES", .right), ("PUBLISHED", .left),
            ("PARKED", .left), ("REASON", .left),
        ])
        var (payloads, rest) = ("", "")
        for list in self {
            for parked in list.messages {
                table.add([
                    list.pubsub, list.topic, parked.message.id, parked.message.partitionKey ?? "", "\(parked.tries)",
                    UTCTime(milliseconds: parked.publishedAtMilliseconds).rfc3339,
                    UTCTime(milliseconds: parked.parkedAtMilliseconds).rfc3339, parked.reason,
                ])
                if showsData { payloads += "\n\(parked.message.id)\n\(String(buffer: parked.message.data))\n" }
            }
            let unlisted = list.count - Int64(list.messages.count)
            if unlisted > 0 { rest += "Not listed: \(unlisted) more of \(list.pubsub)/\(list.topic).\n" }
        }
        return table.text + rest + payloads
    }
}

/// What was replayed of one topic, for `/admin/pubsub/replay`.
struct Replay {
    var pubsub: String
    var topic: String
    var count: Int
}

extension [Replay] {
    func json(appID: String) -> [UInt8] {
        .answer(appID: appID, "topics", self) { replay, json in
            json.field("pubsub", replay.pubsub)
            json.field("topic", replay.topic)
            json.field("replayed", replay.count)
        }
    }

    var text: String {
        filter { $0.count > 0 }.map { replay in
            let messages = replay.count == 1 ? "message" : "messages"
            return "\(replay.count) \(messages) of \(replay.pubsub)/\(replay.topic) will be delivered again.\n"
        }.joined()
    }
}

extension ParkedMessage {
    fileprivate func write(to json: inout JSONWriter, showsData: Bool) {
        json.beginObject()
        json.field("position", Int(position))
        json.field("topicPosition", Int(topicPosition))
        json.field("id", message.id)
        json.key("partitionKey")
        if let key = message.partitionKey { json.string(key) } else { json.null() }
        json.field("tries", tries)
        json.field("reason", reason)
        json.field("publishedAt", UTCTime(milliseconds: publishedAtMilliseconds).rfc3339)
        json.field("parkedAt", UTCTime(milliseconds: parkedAtMilliseconds).rfc3339)
        json.field("contentType", message.contentType)
        json.field("bytes", message.data.readableBytes)
        if showsData { writeData(to: &json) }
        json.endObject()
    }

    /// In the form of a CloudEvent: JSON as it is, anything else in base 64.
    private func writeData(to json: inout JSONWriter) {
        let isJSON = message.data.withUnsafeReadableBytes { bytes in
            (try? JSONReader.read(bytes) { (reader) throws(JSONError) in try reader.skip() }) != nil
        }
        if isJSON {
            json.key("data")
            json.raw(message.data.readableBytesView)
        } else {
            json.field("data_base64", message.data.withUnsafeReadableBytes { Base64.text(of: $0) })
        }
    }
}

extension [UInt8] {
    /// `{"app": …, NAME: [{…}]}` and a line's end.
    fileprivate static func answer<Item>(
        appID: String, _ name: String, _ items: [Item], _ write: (Item, inout JSONWriter) -> Void
    ) -> [UInt8] {
        var json = JSONWriter(capacity: 1024)
        json.beginObject()
        json.field("app", appID)
        json.key(name)
        json.beginArray()
        for item in items {
            json.beginObject()
            write(item, &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }
}
