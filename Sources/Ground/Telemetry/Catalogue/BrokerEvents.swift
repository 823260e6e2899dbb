// SPDX-License-Identifier: Apache-2.0

import Logging

// What pub/sub on the event log can say.
extension LogEvent {
    /// Said once when it begins, not for each try.
    package static func subscriptionLogFailed(topic: String, group: String, during: String, reason: String) -> LogEvent
    {
        LogEvent(
            "subscription.log.failed", .error, "A subscription can't use the event log, and tries again.",
            [
                "topic": .string(topic), "group": .string(group), "during": .string(during), "reason": .string(reason),
            ])
    }

    package static func subscriptionLogRecovered(topic: String, group: String) -> LogEvent {
        LogEvent(
            "subscription.log.recovered", .notice, "A subscription can use the event log again.",
            ["topic": .string(topic), "group": .string(group)])
    }

    /// Said once when it begins, not for each call.
    package static func subscriptionAppUnreached(topic: String, group: String, reason: String) -> LogEvent {
        LogEvent(
            "subscription.app.unreached", .warning, "The app can't be reached; the messages of a topic wait for it.",
            ["topic": .string(topic), "group": .string(group), "reason": .string(reason)])
    }

    package static func subscriptionAppReached(topic: String, group: String) -> LogEvent {
        LogEvent(
            "subscription.app.reached", .notice, "The app can be reached again, and gets the messages that waited.",
            ["topic": .string(topic), "group": .string(group)])
    }

    /// The group has the topic's messages from this position on.
    package static func subscriptionGroupCreated(topic: String, group: String, position: Int64) -> LogEvent {
        LogEvent(
            "subscription.group.created", .info, "A group begins with a topic.",
            ["topic": .string(topic), "group": .string(group), "position": .stringConvertible(position)])
    }

    package static func subscriptionGroupForgotten(topic: String, group: String) -> LogEvent {
        LogEvent(
            "subscription.group.forgotten", .warning,
            "A group without an instance was forgotten; messages that it hasn't taken are no longer kept for it.",
            ["topic": .string(topic), "group": .string(group)])
    }

    /// Somebody asked for it on the admin listener.
    package static func parkedMessagesReplayed(topic: String, group: String, count: Int) -> LogEvent {
        LogEvent(
            "subscription.parked.replayed", .notice, "Parked messages of \(topic) are delivered again: \(count).",
            ["topic": .string(topic), "group": .string(group), "count": .stringConvertible(count)])
    }

    package static func subscriptionPartitionsFailed(group: String, reason: String) -> LogEvent {
        LogEvent(
            "subscription.partitions.failed", .error, "The share of a group's partitions can't be settled.",
            ["group": .string(group), "reason": .string(reason)])
    }

    package static func messageParked(
        topic: String, group: String, position: Int64, tries: Int, reason: String
    )
        -> LogEvent
    {
        LogEvent(
            "message.parked", .warning,
            "A message was tried in vain and is parked; `outrigger pubsub parked` lists it.",
            [
                "topic": .string(topic), "group": .string(group), "position": .stringConvertible(position),
                "tries": .stringConvertible(tries), "reason": .string(reason),
            ])
    }

    /// It was tried in vain, and neither the dead letters nor the parked messages take it.
    package static func messageLost(topic: String, group: String, position: Int64, reason: String) -> LogEvent {
        LogEvent(
            "message.lost", .error, "A message was tried in vain and is too large to be kept; it is lost.",
            [
                "topic": .string(topic), "group": .string(group), "position": .stringConvertible(position),
                "reason": .string(reason),
            ])
    }

    /// Without a dead letter topic, what the app doesn't want is gone; `reason` is that of the last message.
    package static func messagesDropped(topic: String, group: String, count: Int, reason: String) -> LogEvent {
        LogEvent(
            "message.dropped", .warning, "What the app didn't want was dropped.",
            [
                "topic": .string(topic), "group": .string(group), "count": .stringConvertible(count),
                "reason": .string(reason),
            ])
    }

    package static func messageDeadLettered(
        topic: String, group: String, position: Int64, tries: Int, deadLetterTopic: String, reason: String
    ) -> LogEvent {
        LogEvent(
            "message.dead-lettered", .warning, "A message went to the dead letters.",
            [
                "topic": .string(topic), "group": .string(group), "position": .stringConvertible(position),
                "tries": .stringConvertible(tries), "dead_letter_topic": .string(deadLetterTopic),
                "reason": .string(reason),
            ])
    }

    package static func retentionFailed(topic: String, reason: String) -> LogEvent {
        LogEvent(
            "retention.failed", .warning, "Old messages of a topic couldn't be removed.",
            ["topic": .string(topic), "reason": .string(reason)])
    }

    package static func retentionHeldBack(topic: String, bytes: Int64) -> LogEvent {
        LogEvent(
            "retention.held-back", .warning,
            "A topic is larger than it may be, because a group hasn't taken its messages yet.",
            ["topic": .string(topic), "bytes": .stringConvertible(bytes)])
    }

    package static func parkedMessagesRemoved(stream: String, count: Int) -> LogEvent {
        LogEvent(
            "message.parked.removed", .warning, "Parked messages were removed to make room for later ones.",
            ["stream": .string(stream), "count": .stringConvertible(count)])
    }
}
