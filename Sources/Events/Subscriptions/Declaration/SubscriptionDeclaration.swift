// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
package import Core
package import WireCEL

/// What an app wants of a topic, whoever said it: a document, the app when it was asked, or a stream.
package struct SubscriptionDeclaration: Sendable {
    /// Who declared it; the raw value is what the sidecar's metadata show.
    package enum Origin: String, Sendable {
        case declarative = "DECLARATIVE"
        case programmatic = "PROGRAMMATIC"
        case streaming = "STREAMING"
    }

    /// A path for the events that a rule takes.
    package struct Rule: Sendable {
        /// The rule as it was written; empty for one that takes every event.
        package var match: String
        package var path: String
        let program: CELProgram?

        /// - Parameter match: an expression over `event`; empty to take every event.
        package init(match: String, path: String) throws(CELSyntaxError) {
            self.match = match
            self.path = path
            program = match.isEmpty ? nil : try CELProgram(rule: match)
        }
    }

    /// Deliveries of many events in one call.
    package struct Bulk: Sendable, Equatable {
        package var messagesMax = 100
        package var wait = Duration.milliseconds(1000)

        package init() {}
    }

    package var pubsub: String
    package var topic: String
    /// In their order; the first one that takes an event has it.
    package var rules: [Rule] = []
    /// The path of events that no rule takes; without it nobody wants them.
    package var defaultPath: String?
    package var metadata: [MessageHeader] = []
    package var options = SubscriptionOptions()
    package var deadLetterTopic: String?
    package var bulk: Bulk?
    /// The ids of the apps that it is for; empty for all.
    package var scopes: [String] = []
    package var origin: Origin
    package var location: SourceLocation

    package init(pubsub: String, topic: String, origin: Origin, location: SourceLocation = .builtIn) {
        self.pubsub = pubsub
        self.topic = topic
        self.origin = origin
        self.location = location
    }

    /// Whether an app takes notice of it.
    package func isMeant(for appID: String) -> Bool { scopes.isEmpty || scopes.contains(appID) }

    /// What the broker is asked for.
    package func request(group: String) -> BrokerSubscriptionRequest {
        var request = BrokerSubscriptionRequest(topic: topic, group: group)
        request.start = options.start
        request.concurrency = options.concurrency
        request.deadLetterTopic = deadLetterTopic
        request.retry = options.retry
        if let bulk {
            request.batchMessagesMax = bulk.messagesMax
            request.batchWait = bulk.wait
        }
        return request
    }
}

/// The keys of a subscription's metadata that Outrigger knows. Their case doesn't matter.
package struct SubscriptionOptions: Sendable, Equatable {
    /// `rawPayload`: what comes is no CloudEvent; the app gets it in an envelope.
    package var isRaw = false
    /// `startFrom`: `oldest` or `latest`, where a new group begins.
    package var start = BrokerSubscriptionRequest.Start.oldest
    /// `concurrency`: how many events without a key may be with the app at once.
    package var concurrency = 1
    /// `maxAttempts`, `retryDelay`, `retryDelayMax`: how often and how soon a failed event comes again.
    package var retry = RetryPolicy()

    /// `deliveryTimeout`: how long the app may take for a call; nil: as long as for every topic.
    package var deliveryTimeout: Duration?

    package static let concurrencyMax = 1000
    package static let attemptsMax = 1_000_000
    package static let deliveryTimeouts = Duration.milliseconds(1)...(.seconds(3600))

    package init() {}

    /// Takes one key; returns what was expected if the value is wrong. A key that means nothing here passes: it may be
    /// one of another broker's.
    mutating func take(_ name: String, _ value: String) -> String? {
        switch name.lowercased() {
        case "rawpayload":
            guard let isRaw = TruthText.value(value) else { return "true or false" }
            self.isRaw = isRaw
        case "startfrom":
            guard let start = BrokerSubscriptionRequest.Start(rawValue: value) else { return "oldest or latest" }
            self.start = start
        case "concurrency":
            guard let count = Int(value), (1...Self.concurrencyMax).contains(count) else {
                return "a whole number from 1 to \(Self.concurrencyMax)"
            }
            concurrency = count
        case "maxattempts":
            guard let count = Int(value), (1...Self.attemptsMax).contains(count) else {
                return "a whole number from 1 to \(Self.attemptsMax)"
            }
            retry.attemptsMax = count
        case "retrydelay":
            guard let delay = Duration(text: value), delay > .zero else { return "a duration, such as 200ms" }
            retry.first = delay
        case "retrydelaymax":
            guard let delay = Duration(text: value), delay > .zero else { return "a duration, such as 30s" }
            retry.longest = delay
        case "deliverytimeout":
            guard let timeout = Duration(text: value), Self.deliveryTimeouts.contains(timeout) else {
                return "a duration from 1ms to 1h"
            }
            deliveryTimeout = timeout
        default: break
        }
        return nil
    }
}

/// Truth as Go's `strconv.ParseBool` reads it, which is what Dapr's metadata are read by.
enum TruthText {
    static func value(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }
}
