// SPDX-License-Identifier: Apache-2.0

import Logging

extension LogEvent {
    /// What the app is subscribed to is served from now on.
    package static func subscribed(topics: [String]) -> LogEvent {
        LogEvent(
            "app.subscribed", .info, "The app's subscriptions are served.",
            ["topics": "\(topics.prefix(32).joined(separator: " "))"])
    }

    /// A subscription isn't served, and the others are.
    package static func subscriptionRefused(topic: String, pubsub: String, _ reason: String) -> LogEvent {
        LogEvent(
            "subscription.refused", .error, "The subscription to \(topic) of \(pubsub) is not served: \(reason).",
            ["topic": "\(topic)", "pubsub": "\(pubsub)", "reason": "\(reason)"])
    }

    /// Something in the app's answer to GET /dapr/subscribe is wrong.
    package static func subscriptionMalformed(_ problem: String) -> LogEvent {
        LogEvent(
            "subscription.malformed", .error, "The app's list of subscriptions has a mistake: \(problem).",
            ["problem": "\(problem)"])
    }

    /// The app couldn't be asked for its subscriptions; it gets what documents declare.
    package static func subscriptionsUnknown(_ reason: String) -> LogEvent {
        LogEvent(
            "subscriptions.unknown", .warning, "The app didn't say what it is subscribed to: \(reason).",
            ["reason": "\(reason)"])
    }

    /// A document declares a subscription, and the sidecar wasn't told where the app listens.
    package static func subscriptionWithoutPort(_ topic: String) -> LogEvent {
        LogEvent(
            "subscription.without-port", .warning,
            "The subscription to \(topic) is not served: the app has no port for HTTP (--app-port).",
            ["topic": "\(topic)"])
    }
}
