// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks

/// A message that a group tried in vain and that is kept for it.
package struct ParkedMessage: Sendable, Equatable {
    package var message: BrokerMessage
    /// Where it is among the parked ones; `replay` takes it.
    package var position: Int64
    /// Where it was in its topic.
    package var topicPosition: Int64
    package var tries: Int
    /// Why the last try failed.
    package var reason: String
    package var publishedAtMilliseconds: Int64
    package var parkedAtMilliseconds: Int64
}

extension LogBroker {
    /// The most parked messages that one call lists or replays.
    package static let parkedMax = 1000

    /// The messages that a group has parked of a topic, oldest first, after a position of an earlier answer.
    package func parked(
        group: String, topic: String, after position: Int64 = 0, limit: Int = parkedMax
    ) async throws(BrokerError) -> [ParkedMessage] {
        do throws(EventLogError) {
            return try await parkedEvents(group, topic, after: position, limit: limit).map(ParkedMessage.init)
        } catch {
            throw BrokerError(error)
        }
    }

    /// How many messages a group has parked of a topic.
    package func parkedCount(group: String, topic: String) async throws(BrokerError) -> Int64 {
        do throws(EventLogError) {
            return try await log.extent(of: names.parkedStream(group: group, topic: topic)).count
        } catch {
            throw BrokerError(error)
        }
    }

    /// Delivers parked messages to their group again, oldest first up to a position, and to nobody else; returns how
    /// many. They come behind what was published since, and are tried as if they were new. A process that dies in the
    /// middle may have replayed messages that are still listed.
    package func replay(
        group: String, topic: String, through position: Int64 = .max, limit: Int = parkedMax
    ) async throws(BrokerError) -> Int {
        let parkedStream = names.parkedStream(group: group, topic: topic)
        do throws(EventLogError) {
            let events = try await parkedEvents(group, topic, after: 0, limit: limit).prefix { $0.position <= position }
            guard let last = events.last else { return 0 }
            let replays = events.map { event in
                var replayed = event.event
                var record = MessageRecord(replayed.metadata)
                record.parking = nil
                record.onlyGroup = group
                replayed.metadata = record.bytes
                return replayed
            }
            _ = try await log.append([EventAppend(names.stream(ofTopic: topic), replays)])[0].get()
            retention.note(topic: topic)
            _ = try await log.trim(parkedStream, through: last.position, limit: events.count)
            return events.count
        } catch {
            throw BrokerError(error)
        }
    }

    private func parkedEvents(
        _ group: String, _ topic: String, after position: Int64, limit: Int
    ) async throws(EventLogError) -> [StoredEvent] {
        let count = min(max(limit, 1), Self.parkedMax)
        return try await log.read(
            names.parkedStream(group: group, topic: topic), after: position, limit: EventReadLimit(count: count)
        ).events
    }
}

extension ParkedMessage {
    fileprivate init(_ event: StoredEvent) {
        let parking = MessageRecord(event.event.metadata).parking
        self.init(
            message: MessageRecord.message(event), position: event.position,
            topicPosition: parking?.position ?? 0, tries: Int(parking?.tries ?? 0), reason: parking?.reason ?? "",
            publishedAtMilliseconds: parking?.publishedAtMilliseconds ?? event.appendedAtMilliseconds,
            parkedAtMilliseconds: event.appendedAtMilliseconds)
    }
}
