// SPDX-License-Identifier: Apache-2.0

/// What the broker calls its streams, consumers and groups in the log. The names are part of the stored format.
///
/// The parts before the topic have `%` and `/` escaped, so that no two topics share a name; the topic comes last and
/// stays as it is.
struct BrokerNames: Sendable {
    private let pubsub: String

    init(pubsub: String) { self.pubsub = Self.escaped(pubsub) }

    /// The stream of a topic's messages.
    func stream(ofTopic topic: String) -> String { "topic/\(pubsub)/\(topic)" }

    /// The topic of a stream of messages; nil if it is none of this pub/sub.
    func topic(ofStream stream: String) -> String? {
        let prefix = self.stream(ofTopic: "")
        return stream.hasPrefix(prefix) ? String(stream.dropFirst(prefix.count)) : nil
    }

    /// The stream of the messages that a group tried in vain.
    func parkedStream(group: String, topic: String) -> String {
        "parked/\(pubsub)/\(Self.escaped(group))/\(topic)"
    }

    /// The name under which a group's checkpoints of a topic are saved.
    func consumer(group: String, topic: String) -> String { "\(consumerPrefix)\(Self.escaped(group))/\(topic)" }

    /// The lock group of all instances of a group; they share the partitions of all their topics alike.
    func lockGroup(_ group: String) -> String { "\(pubsub)/\(Self.escaped(group))" }

    /// The lock group whose partition 0 is held while a group gets its first checkpoint. A group can't have this name,
    /// because its second part is empty.
    var newcomers: String { "\(pubsub)/" }

    /// The group that a consumer of a topic belongs to; nil if it's no consumer of this pub/sub and topic.
    func group(ofConsumer consumer: String, topic: String) -> String? {
        guard consumer.hasPrefix(consumerPrefix), consumer.hasSuffix("/" + topic) else { return nil }
        let group = consumer.dropFirst(consumerPrefix.count).dropLast(topic.count + 1)
        return group.contains("/") ? nil : Self.unescaped(group)
    }

    private var consumerPrefix: String { "group/\(pubsub)/" }

    private static func escaped(_ name: String) -> String {
        name.replacing("%", with: "%25").replacing("/", with: "%2F")
    }

    private static func unescaped(_ name: Substring) -> String {
        String(name.replacing("%2F", with: "/").replacing("%25", with: "%"))
    }
}
