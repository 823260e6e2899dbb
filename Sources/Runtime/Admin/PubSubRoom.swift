// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import LogBroker
import Logging
import NIOCore
import Subscriptions
import Synchronization
import Telemetry

/// What the admin listener tells of pub/sub, and its one change: parked messages are delivered again.
///
/// The app's id is its group, so all of this is about one group. Each answer is JSON, or with `format=text` lines for
/// people, which are none where there is nothing to tell.
final class PubSubRoom: Sendable {
    /// What the messages of one answer may take before only their number is told.
    static let listedBytesMaxDefault = 16 << 20

    /// A broker under the name of its component.
    struct NamedBroker: Sendable {
        var name: String
        var broker: LogBroker
    }

    /// One topic of one component that an answer is about.
    struct Place: Sendable {
        var pubsub: NamedBroker
        var topic: String
    }

    let brokers: [NamedBroker]
    let appID: String
    private let logger: Logger
    private let listedBytesMax: Int
    private let isReplaying = Atomic(false)

    init(
        _ components: [PubSubComponent], appID: String, logger: Logger, listedBytesMax: Int = listedBytesMaxDefault
    ) {
        self.listedBytesMax = listedBytesMax
        brokers = components.compactMap { component in
            (component.broker as? LogBroker).map { NamedBroker(name: component.name, broker: $0) }
        }
        self.appID = appID
        self.logger = logger
    }

    var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint("/admin/pubsub", summary: "The app's subscriptions and their lag; ?pubsub=&topic=.") {
                await self.answer($0) { try await self.subscriptions($0) }
            },
            AdminEndpoint(
                "/admin/pubsub/parked",
                summary: "Messages that were tried in vain; ?pubsub=&topic=&after=&limit=, &data=true for payloads."
            ) {
                await self.answer($0) { try await self.parked($0) }
            },
            AdminEndpoint(
                "/admin/pubsub/replay", methods: ["POST"],
                summary: "Delivers parked messages again; ?pubsub=&topic=."
            ) {
                await self.answer($0) { try await self.replay($0) }
            },
        ]
    }

    /// An answer, or the refusal as text for whoever asked.
    private func answer(
        _ request: AdminRequest, _ respond: (AdminRequest) async throws -> AdminResponse
    ) async -> AdminResponse {
        do {
            return try await respond(request)
        } catch let refusal as AdminRefusal {
            return .text(refusal.sentence + "\n", status: refusal.status)
        } catch {
            return .text("The store failed: \(error)\n", status: 500)
        }
    }

    // MARK: - The endpoints

    private func subscriptions(_ request: AdminRequest) async throws -> AdminResponse {
        var standing: [SubscriptionStanding] = []
        let topic = request.value(of: "topic")
        for pubsub in try chosen(request) {
            for status in await pubsub.broker.subscriptionStatuses() where topic == nil || status.topic == topic {
                let count = try await pubsub.broker.parkedCount(group: appID, topic: status.topic)
                standing.append(SubscriptionStanding(pubsub: pubsub.name, status: status, parkedCount: count))
            }
        }
        return request.wantsText ? .text(standing.text) : .json(standing.json(appID: appID))
    }

    private func parked(_ request: AdminRequest) async throws -> AdminResponse {
        let after = try request.number("after", in: 0...Int64.max) ?? 0
        let limit = try request.number("limit", in: 1...Int64(LogBroker.parkedMax)) ?? Int64(LogBroker.parkedMax)
        var lists: [ParkedList] = []
        var bytes = 0
        for place in try await places(request) {
            let (broker, topic) = (place.pubsub.broker, place.topic)
            let count = try await broker.parkedCount(group: appID, topic: topic)
            var list = ParkedList(pubsub: place.pubsub.name, topic: topic, count: count, messages: [])
            if count > 0, bytes < listedBytesMax {
                list.messages = try await broker.parked(group: appID, topic: topic, after: after, limit: Int(limit))
                bytes += list.messages.reduce(0) { $0 + $1.message.data.readableBytes }
            }
            lists.append(list)
        }
        let showsData = request.value(of: "data") == "true"
        return request.wantsText
            ? .text(lists.text(showsData: showsData)) : .json(lists.json(appID: appID, showsData: showsData))
    }

    /// Replays what is parked at this moment, not what is parked again meanwhile.
    private func replay(_ request: AdminRequest) async throws -> AdminResponse {
        let places = try await places(request)
        guard !isReplaying.exchange(true, ordering: .acquiring) else {
            throw AdminRefusal(409, "Another replay is running; ask again when it has ended.")
        }
        defer { isReplaying.store(false, ordering: .releasing) }
        var replays: [Replay] = []
        for place in places {
            let count = try await replay(place)
            replays.append(Replay(pubsub: place.pubsub.name, topic: place.topic, count: count))
        }
        return request.wantsText ? .text(replays.text) : .json(replays.json(appID: appID))
    }

    private func replay(_ place: Place) async throws(BrokerError) -> Int {
        let broker = place.pubsub.broker
        let wanted = Int(try await broker.parkedCount(group: appID, topic: place.topic))
        var count = 0
        defer {
            if count > 0 { logger.emit(.parkedMessagesReplayed(topic: place.topic, group: appID, count: count)) }
        }
        while count < wanted {
            let step = try await broker.replay(group: appID, topic: place.topic, limit: wanted - count)
            if step == 0 { break }
            count += step
        }
        return count
    }

    /// The topics that a request names; all to which the app is subscribed if it names none. A topic that is named
    /// needs no subscription: what was parked stays when one has ended.
    private func places(_ request: AdminRequest) async throws(AdminRefusal) -> [Place] {
        let chosen = try chosen(request)
        if let topic = request.value(of: "topic") { return chosen.map { Place(pubsub: $0, topic: topic) } }
        var places: [Place] = []
        for pubsub in chosen {
            let statuses = await pubsub.broker.subscriptionStatuses()
            places += statuses.map { Place(pubsub: pubsub, topic: $0.topic) }
        }
        return places
    }

    /// The component that a request names, or all.
    private func chosen(_ request: AdminRequest) throws(AdminRefusal) -> [NamedBroker] {
        guard let name = request.value(of: "pubsub") else { return brokers }
        let chosen = brokers.filter { $0.name == name }
        if !chosen.isEmpty { return chosen }
        let known = brokers.isEmpty ? "none" : brokers.map(\.name).joined(separator: ", ")
        throw AdminRefusal(404, "There is no pub/sub component \(name). There is: \(known).")
    }
}

/// Why an endpoint doesn't answer what was asked.
struct AdminRefusal: Error {
    var status: Int
    var sentence: String

    init(_ status: Int, _ sentence: String) {
        self.status = status
        self.sentence = sentence
    }
}

extension AdminRequest {
    fileprivate var wantsText: Bool { value(of: "format") == "text" }

    fileprivate func number(_ name: String, in range: ClosedRange<Int64>) throws(AdminRefusal) -> Int64? {
        guard let text = value(of: name) else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            throw AdminRefusal(400, "\(name): expected a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }
}
