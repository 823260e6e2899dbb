// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import NIOCore
import Proxying
import Subscriptions
import WireHTTP

/// The publish routes: a request becomes messages, the broker's answers become a response.
struct PubSubEndpoints: Sendable {
    /// Events of one bulk publish: what a log commits at once without holding up others for long.
    static let entriesMax = 10_000

    private let components: [String: PubSubComponent]

    init(components: [PubSubComponent]) {
        self.components = Dictionary(components.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func publish(
        _ target: RequestTarget, _ head: HTTPRequestHead, _ body: ByteBuffer
    ) async throws(APIError) -> HTTPResponse {
        let component = try component(target)
        let message: BrokerMessage
        do throws(PublishError) {
            message = try component.publisher.message(
                body, contentType: head.fields["content-type"] ?? "", metadata: target.query.metadata,
                topic: target.key, traceParent: head.fields["traceparent"], traceState: head.fields["tracestate"])
        } catch {
            throw .publish(error)
        }
        if case .failure(let error) = await component.broker.publish([message], to: target.key)[0] {
            throw .publish(error, topic: target.key, pubsub: target.name)
        }
        return .noContent
    }

    /// Publishes each entry on its own, after all of them were found to be well formed.
    func publishBulk(
        _ target: RequestTarget, _ head: HTTPRequestHead, _ body: ByteBuffer
    ) async throws(APIError) -> HTTPResponse {
        let component = try component(target)
        let entries: [BulkPublishEntry]
        var messages: [BrokerMessage] = []
        do throws(PublishError) {
            try component.publisher.checkScope(of: target.key)
            entries = try BulkPublishEntry.read(body)
            guard entries.count <= Self.entriesMax else {
                throw PublishError(.invalidEntries, "there are more than \(Self.entriesMax) entries")
            }
            messages.reserveCapacity(entries.count)
            for entry in entries { messages.append(try message(entry, component, target, head)) }
        } catch {
            throw .publish(error)
        }
        if messages.isEmpty { return .noContent }
        let results = await component.broker.publish(messages, to: target.key)
        return BulkPublishAnswer.response(entries: entries, results)
    }

    private func message(
        _ entry: BulkPublishEntry, _ component: PubSubComponent, _ target: RequestTarget, _ head: HTTPRequestHead
    ) throws(PublishError) -> BrokerMessage {
        // What an entry says of itself goes before what the request says of all.
        let names = Set(entry.metadata.map { $0.name.lowercased() })
        let shared = target.query.metadata.filter { !names.contains($0.name.lowercased()) }
        return try component.publisher.message(
            entry.body, contentType: entry.contentType, metadata: entry.metadata + shared, topic: target.key,
            traceParent: head.fields["traceparent"], traceState: head.fields["tracestate"])
    }

    private func component(_ target: RequestTarget) throws(APIError) -> PubSubComponent {
        if target.name.isEmpty { throw .pubSubNameMissing }
        if let component = components[target.name] {
            if target.key.isEmpty { throw .topicMissing(pubsub: target.name) }
            return component
        }
        throw components.isEmpty ? .pubSubNotConfigured : .pubSubNotFound(target.name)
    }
}

/// The answer to a bulk publish: nothing where all went well, else the entries that failed.
enum BulkPublishAnswer {
    static func response(entries: [BulkPublishEntry], _ results: [Result<Void, BrokerError>]) -> HTTPResponse {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.key("failedEntries")
        json.beginArray()
        var failures = 0
        for (entry, result) in zip(entries, results) {
            guard case .failure(let error) = result else { continue }
            failures += 1
            json.beginObject()
            json.field("entryId", entry.entryID)
            json.field("error", error.description)
            json.endObject()
        }
        json.endArray()
        json.field("errorCode", APIError.publishCode)
        json.endObject()
        return failures == 0 ? .noContent : .json(.internalServerError, json)
    }
}
