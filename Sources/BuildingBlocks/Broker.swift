// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Publish and subscribe: what the pub/sub building block needs of an engine.
///
/// A message that was published is delivered at least once to each group that is subscribed to its topic, also to one
/// that was away. What order and durability a broker keeps, its `features` and `durability` say.
package protocol Broker: Sendable {
    var features: BrokerFeatures { get }
    var durability: StateDurability { get }

    /// Publishes each message on its own; the answers are in the order of `messages`. Success means that the message
    /// will be delivered.
    func publish(_ messages: [BrokerMessage], to topic: String) async -> [Result<Void, BrokerError>]

    /// Begins to deliver a topic's messages to `deliver`, until the subscription is ended.
    func subscribe(
        _ request: BrokerSubscriptionRequest,
        deliver: @escaping @Sendable ([ReceivedMessage]) async -> [DeliveryOutcome]
    ) async throws(BrokerError) -> any BrokerSubscription
}

/// A subscription that is being served.
package protocol BrokerSubscription: Sendable {
    /// Holds deliveries back, as while the app is unhealthy, or lets them go on. What is with the app stays there.
    func setPaused(_ isPaused: Bool) async

    /// Takes no further message, waits for those that are with the app, and gives up what it owned.
    func end() async
}

package struct BrokerFeatures: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Messages of one partition key come one at a time and in order.
    package static let keyOrder = BrokerFeatures(rawValue: 1 << 0)
    /// Messages don't come after their time to live; without it, the envelope says when they expire.
    package static let timeToLive = BrokerFeatures(rawValue: 1 << 1)
    /// A group that comes late gets what was published before.
    package static let replay = BrokerFeatures(rawValue: 1 << 2)

    /// Dapr's names of the features, as `GET /v1.0/metadata` lists them.
    package var capabilities: [String] { contains(.timeToLive) ? ["MESSAGE_TTL"] : [] }
}

/// A message that is to be published.
package struct BrokerMessage: Sendable, Equatable {
    /// A CloudEvent in JSON, or any bytes if it was published raw.
    package var data: ByteBuffer
    package var contentType: String
    /// The event's id, for logs and read-outs.
    package var id: String
    package var partitionKey: String?
    package var timeToLiveSeconds: Int64?
    /// The publisher's metadata, in its order, without what has a field of its own.
    package var metadata: [MessageHeader]

    package init(
        data: ByteBuffer, contentType: String, id: String, partitionKey: String? = nil, timeToLiveSeconds: Int64? = nil,
        metadata: [MessageHeader] = []
    ) {
        self.data = data
        self.contentType = contentType
        self.id = id
        self.partitionKey = partitionKey
        self.timeToLiveSeconds = timeToLiveSeconds
        self.metadata = metadata
    }
}

/// A name and a value beside a message.
package struct MessageHeader: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A message on its way to the app.
package struct ReceivedMessage: Sendable, Equatable {
    package var message: BrokerMessage
    package var topic: String
    /// Where the message is in the engine; the same for each try.
    package var position: String
    /// 1 for the first try, as far as the engine knows.
    package var attempt: Int
    package var publishedAtMilliseconds: Int64

    package init(
        message: BrokerMessage, topic: String, position: String, attempt: Int, publishedAtMilliseconds: Int64
    ) {
        self.message = message
        self.topic = topic
        self.position = position
        self.attempt = attempt
        self.publishedAtMilliseconds = publishedAtMilliseconds
    }
}

/// What the app made of a message.
package enum DeliveryOutcome: Sendable, Equatable {
    /// Done with it.
    case success
    /// It should come again; the text says why, without the message's content.
    case retry(String)
    /// Nobody wants it: it goes to the dead letters if there are any, and is gone otherwise.
    case drop(String)
    /// The app couldn't be called at all. That was no try: the message waits until the app can be called.
    case unreached(String)
}

/// What a subscription asks of the broker.
package struct BrokerSubscriptionRequest: Sendable, Equatable {
    package enum Start: String, Sendable { case oldest, latest }

    package var topic: String
    /// Names the group; instances of one group share the messages.
    package var group: String
    /// Where a group begins that the broker doesn't know yet.
    package var start: Start = .oldest
    /// How many messages without a key may be with the app at once.
    package var concurrency = 1
    /// Where messages go that were tried in vain; nil: they are parked.
    package var deadLetterTopic: String?
    package var retry = RetryPolicy()
    /// The most messages that one call of `deliver` takes, and how long to wait for them after the first.
    package var batchMessagesMax = 1
    package var batchWait: Duration = .zero

    package init(topic: String, group: String) {
        self.topic = topic
        self.group = group
    }
}

/// How often and how soon a message is tried again.
package struct RetryPolicy: Sendable, Equatable {
    package var first: Duration = .milliseconds(200)
    package var longest: Duration = .seconds(30)
    /// Tries in all, the first included.
    package var attemptsMax = 10

    package init() {}

    /// How long to wait after the try with this number, from 1: each wait is double the one before.
    package func wait(afterAttempt attempt: Int) -> Duration {
        var wait = first
        for _ in 1..<max(attempt, 1) {
            wait = wait * 2
            if wait >= longest { return longest }
        }
        return min(wait, longest)
    }
}

/// Why a broker refused or failed. Its description holds no message and no secret.
package struct BrokerError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        case storageFull, tooLarge, overloaded, unavailable, corrupt, readOnly
        /// The request can't be met by this broker, or contradicts itself.
        case invalid
        case failed
    }

    package var code: Code
    package var description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
