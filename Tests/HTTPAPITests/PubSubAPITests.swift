// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import NIOCore
import TestKit
import Testing
import WireJSON

@testable import HTTPAPI

/// What publishers are told, and what reaches the broker.
struct PubSubAPITests {
    private static let json = ("Content-Type", "application/json")
    private static let event = ("Content-Type", "application/cloudevents+json")

    @Test(arguments: ["POST", "PUT"])
    func `a publish is 204 and reaches the broker in an envelope`(method: String) async throws {
        try await PubSubServer.run { server async throws in
            let query = "?metadata.partitionKey=k&metadata.ttlInSeconds=9&metadata.color=red"
            let answer = try await server.client.send(
                method, "/v1.0/publish/pubsub/orders/new\(query)",
                headers: [Self.json], body: #"{"n":1}"#)
            #expect(answer.status == 204 && answer.body.isEmpty)
            let message = try #require(server.broker.published["orders/new"]?.first)
            #expect(message.partitionKey == "k" && message.timeToLiveSeconds == 9)
            #expect(message.metadata == [MessageHeader("color", "red")])
            #expect(message.contentType == "application/cloudevents+json")
            let envelope = String(buffer: message.data)
            #expect(envelope.contains(#""data":{"n":1}"#) && envelope.contains(#""topic":"orders/new""#))
        }
    }

    @Test func `a trace context goes into the envelope, or beside a raw payload`() async throws {
        try await PubSubServer.run { server async throws in
            let trace = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
            for query in ["", "?metadata.rawPayload=true"] {
                let answer = try await server.client.send(
                    "POST", "/v1.0/publish/pubsub/orders\(query)", headers: [Self.json, trace], body: "1")
                #expect(answer.status == 204)
            }
            let messages = server.broker.published["orders"] ?? []
            #expect(messages.count == 2)
            #expect(messages.first.map { String(buffer: $0.data).contains("4bf92f3577b34da6a3ce929d0e0e4736") } == true)
            #expect(messages.last.map { String(buffer: $0.data) } == "1")
            #expect(messages.last?.metadata.contains { $0.name == "traceparent" } == true)
        }
    }

    @Test(
        arguments: [
            ("/v1.0/publish/nothing/orders", "1", json, 404, "ERR_PUBSUB_NOT_FOUND"),
            ("/v1.0/publish/bulk/nothing/orders", "[]", json, 404, "ERR_PUBSUB_NOT_FOUND"),
            ("/v1.0/publish/", "1", json, 404, "ERR_PUBSUB_EMPTY"),
            ("/v1.0/publish/pubsub", "1", json, 404, "ERR_TOPIC_NAME_EMPTY"),
            ("/v1.0/publish/pubsub/", "1", json, 404, "ERR_TOPIC_NAME_EMPTY"),
            ("/v1.0/publish/scoped/secret", "1", json, 403, "ERR_PUBSUB_FORBIDDEN"),
            ("/v1.0/publish/bulk/scoped/secret", "[]", json, 403, "ERR_PUBSUB_FORBIDDEN"),
            ("/v1.0/publish/pubsub/t?metadata.rawPayload=maybe", "1", json, 400, "ERR_PUBSUB_REQUEST_METADATA"),
            ("/v1.0/publish/pubsub/t?metadata.ttlInSeconds=-1", "1", json, 400, "ERR_PUBSUB_REQUEST_METADATA"),
            ("/v1.0/publish/pubsub/t", "{", event, 500, "ERR_PUBSUB_CLOUD_EVENTS_SER"),
            ("/v1.0/publish/pubsub/t", "7", event, 500, "ERR_PUBSUB_CLOUD_EVENTS_SER"),
            ("/v1.0/publish/bulk/pubsub/t", "{}", json, 400, "ERR_PUBSUB_EVENTS_SER"),
            ("/v1.0/publish/bulk/pubsub/t", #"[{"event":1}]"#, json, 400, "ERR_PUBSUB_EVENTS_SER"),
            ("/v1.0/publish/bulk/pubsub/t", #"[{"entryId":"a"}]"#, json, 400, "ERR_PUBSUB_EVENTS_SER"),
            (
                "/v1.0/publish/bulk/pubsub/t", #"[{"entryId":"a","event":"x"},{"entryId":"a","event":"y"}]"#, json, 400,
                "ERR_PUBSUB_EVENTS_SER"
            ),
            (
                "/v1.0/publish/bulk/pubsub/t",
                #"[{"entryId":"a","event":"x"},{"entryId":"b","event":{"id":""},"#
                    + #""contentType":"application/cloudevents+json"}]"#,
                json, 500, "ERR_PUBSUB_CLOUD_EVENTS_SER"
            ),
        ] as [(String, String, (String, String), Int, String)])
    func `what can't be published is refused, and nothing of it is`(
        path: String, body: String, header: (String, String), status: Int, code: String
    ) async throws {
        try await PubSubServer.run { server async throws in
            let answer = try await server.client.send("POST", path, headers: [header], body: body)
            #expect(answer.status == status)
            #expect(answer.text.hasPrefix(#"{"errorCode":"\#(code)""#), "\(answer.text)")
            #expect(server.broker.published.isEmpty)
        }
    }

    @Test func `a pub/sub that isn't there is named`() async throws {
        try await PubSubServer.run { server async throws in
            let answer = try await server.client.send("POST", "/v1.0/publish/nothing/orders", body: "1")
            #expect(answer.text.contains(#""message":"pubsub nothing is not found""#))
        }
    }

    @Test func `without any component a publish is 400`() async throws {
        try await PubSubServer.run(hasComponents: false) { server async throws in
            let answer = try await server.client.send("POST", "/v1.0/publish/pubsub/orders", body: "1")
            #expect(answer.status == 400 && answer.text.contains("ERR_PUBSUB_NOT_CONFIGURED"))
        }
    }

    @Test(arguments: BrokerError.Code.allCases)
    func `a broker that refuses is 500 with what happened`(code: BrokerError.Code) async throws {
        try await PubSubServer.run { server async throws in
            server.broker.refuse { _ in BrokerError(code, "the log said no") }
            let answer = try await server.client.send("POST", "/v1.0/publish/pubsub/orders", body: "1")
            #expect(answer.status == 500)
            let beginning = #"{"errorCode":"ERR_PUBSUB_PUBLISH_MESSAGE","message":"error when publish to topic orders "#
            #expect(answer.text.hasPrefix(beginning + "in pubsub pubsub: the log said no"), "\(answer.text)")
        }
    }

    @Test(arguments: ["v1.0", "v1.0-alpha1"])
    func `a bulk publish is 204, and an entry's own metadata go before the request's`(version: String) async throws {
        try await PubSubServer.run { server async throws in
            let body = """
                [{"entryId":"a","event":{"n":1},"contentType":"application/json","metadata":{"partitionKey":"own"}},\
                {"entryId":"b","event":"aGVsbG8=","contentType":"application/octet-stream"}]
                """
            let path = "/\(version)/publish/bulk/pubsub/orders?metadata.partitionKey=shared&metadata.rawPayload=true"
            #expect(try await server.client.send("POST", path, headers: [Self.json], body: body).status == 204)
            let messages = server.broker.published["orders"] ?? []
            #expect(messages.map(\.partitionKey) == ["own", "shared"])
            #expect(messages.map { String(buffer: $0.data) } == [#"{"n":1}"#, "hello"])
        }
    }

    @Test func `a bulk publish that fails in part names the entries that failed`() async throws {
        try await PubSubServer.run { server async throws in
            server.broker.refuse { $0 == 1 ? BrokerError(.tooLarge, "the message is too large") : nil }
            let body = #"[{"entryId":"a","event":"1"},{"entryId":"b","event":"2"},{"entryId":"c","event":"3"}]"#
            let answer = try await server.client.send("POST", "/v1.0/publish/bulk/pubsub/t", body: body)
            #expect(answer.status == 500)
            let expected = #"{"failedEntries":[{"entryId":"b","error":"the message is too large"}],"#
            #expect(answer.text == expected + #""errorCode":"ERR_PUBSUB_PUBLISH_MESSAGE"}"#)
            #expect(server.broker.published["t"]?.count == 2)
        }
    }

    @Test func `a bulk has a largest number of entries`() async throws {
        try await PubSubServer.run { server async throws in
            let entries = (0...PubSubEndpoints.entriesMax).map { #"{"entryId":"\#($0)","event":"x"}"# }
            let answer = try await server.client.send(
                "POST", "/v1.0/publish/bulk/pubsub/t", body: "[\(entries.joined(separator: ","))]")
            #expect(answer.status == 400 && answer.text.contains("more than 10000 entries"))
            #expect(try await server.client.send("POST", "/v1.0/publish/bulk/pubsub/t", body: "[]").status == 204)
            #expect(server.broker.published.isEmpty)
        }
    }
}
