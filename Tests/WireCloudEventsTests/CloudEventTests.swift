// SPDX-License-Identifier: Apache-2.0

import Core
import Testing
import WireCloudEvents

@Suite struct CloudEventTests {
    private let event = {
        var event = CloudEvent(
            id: "1", source: "cart", topic: "orders", pubsubName: "pubsub",
            time: UTCTime(seconds: 1_772_366_400, nanoseconds: 5_999_999))
        event.traceParent = "00-1-2-01"
        return event
    }()

    private let head =
        #"{"id":"1","source":"cart","specversion":"1.0","type":"com.dapr.event.sent","datacontenttype":"#

    // MARK: - Envelopes of plain data

    @Test(arguments: [
        ("application/json", #"{"n": 1.10,"b":12345678901234567890}"#, #""data":{"n": 1.10,"b":12345678901234567890}"#),
        ("application/json; charset=utf-8", "[1]", #""data":[1]"#), ("Application/Vnd.X+JSON", "null", #""data":null"#),
        ("application/json", "{oops", #""data":"{oops""#), ("application/json", "", #""data":"""#),
        ("text/plain", "a \"b\"", #""data":"a \"b\"""#), ("text/xml;charset=x", "<a/>", #""data":"<a/>""#),
        ("application/xml", "<a/>", #""data":"<a/>""#), ("application/octet-stream", "ab", #""data_base64":"YWI=""#),
        ("application/x-www-form-urlencoded", "order 7", #""data":"order 7""#), ("image/png", "", #""data":"""#),
    ])
    func `data is written in the form of its content type`(_ row: (type: String, data: String, member: String)) {
        let json = envelope(row.data, row.type)
        #expect(
            json == head + "\"\(row.type)\","
                + #""time":"2026-03-01T12:00:00.005Z","topic":"orders","pubsubname":"pubsub","#
                + #""traceid":"00-1-2-01","traceparent":"00-1-2-01","# + row.member + "}")
    }

    @Test func `data without a content type is text`() {
        #expect(envelope("x", "").contains(#""datacontenttype":"text/plain""#))
        #expect(envelope("x", "").contains(#""data":"x""#))
    }

    @Test(arguments: ["text/plain", "application/json", "application/octet-stream", "image/png"])
    func `bytes that aren't text are written in base 64`(type: String) {
        let json = [UInt8]([0xFF, 0xFE]).withUnsafeBytes { event.json(data: $0, contentType: type) }
        #expect(String(decoding: json, as: UTF8.self).contains(#""data_base64":"//4=""#))
    }

    @Test func `a publisher's metadata override attributes`() {
        var event = event
        for name in ["id", "source", "type", "subject", "traceid", "traceparent", "tracestate"] {
            let isTaken = event.override("cloudevent.\(name)", with: "my-\(name)")
            #expect(isTaken)
        }
        for (name, value) in [("cloudevent.topic", "x"), ("cloudevent.id", ""), ("id", "x")] {
            let isTaken = event.override(name, with: value)
            #expect(!isTaken)
        }
        let json = String(decoding: [UInt8]().withUnsafeBytes { event.json(data: $0, contentType: "") }, as: UTF8.self)
        for name in ["id", "source", "type", "subject", "traceid", "traceparent", "tracestate"] {
            #expect(json.contains("\"\(name)\":\"my-\(name)\""))
        }
    }

    @Test func `an event that expires says when`() throws {
        var event = event
        event.expiration = UTCTime(seconds: 0)
        let json = [UInt8]("x".utf8).withUnsafeBytes { event.json(data: $0, contentType: "") }
        #expect(try json.withUnsafeBytes { try ReceivedCloudEvent.read($0) }.expiration == UTCTime(seconds: 0))
    }

    @Test func `each envelope has its own id, a UUID`() {
        let ids = Set((0..<1000).map { _ in UniqueID.random() })
        #expect(ids.count == 1000)
        for id in ids {
            #expect(id.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        }
    }

    // MARK: - Events with an envelope of their own

    @Test func `an event keeps its bytes and gets what it lacks`() throws {
        let (json, id) = try complete(#" {"id" : "mine", "comexample": [1.50], "data": {"a":  1}, "topic":"t"} "#)
        #expect(id == "mine")
        #expect(
            json == #" {"id" : "mine", "comexample": [1.50], "data": {"a":  1}, "topic":"t","#
                + #""source":"cart","specversion":"1.0","type":"com.dapr.event.sent","#
                + #""time":"2026-03-01T12:00:00.005Z","#
                + #""pubsubname":"pubsub","traceid":"00-1-2-01","traceparent":"00-1-2-01"}"#)
    }

    @Test func `an empty event gets everything, and a full one nothing`() throws {
        let (json, id) = try complete("{ }")
        #expect(id == "1")
        #expect(json.hasPrefix(#"{ "id":"1","source""#))
        #expect(try complete(json).json == json)
    }

    @Test func `an attribute that is null is absent`() throws {
        #expect(try complete(#"{"id":null}"#).json.contains(#"null,"id":"1""#))
    }

    @Test(arguments: [
        ("", "the event isn't a JSON object: unexpected end of JSON at line 1, column 1"),
        ("[]", "the event isn't a JSON object: found an array, expected an object at line 1, column 1"),
        (#"{"id":"1""#, "the event isn't a JSON object: unexpected end of JSON at line 1, column 10"),
        (#"{"id":1}"#, "found a number as id, expected a string"), (#"{"id":""}"#, "found an empty id, expected text"),
        (#"{"type":{}}"#, "found an object as type, expected a string"),
        (#"{"source":""}"#, "found an empty source, expected text"),
        (#"{"specversion":"0.3"}"#, "found another specversion, expected \"1.0\""),
        (#"{"specversion":1.0}"#, "found a number as specversion, expected a string"),
        (#"{"data_base64":[]}"#, "found an array as data_base64, expected a string"),
        (#"{"data":1,"data_base64":""}"#, "found both data and data_base64, expected one of them"),
    ])
    func `what isn't a CloudEvent is refused with a reason`(_ row: (json: String, reason: String)) {
        let error = #expect(throws: CloudEventError.self) { try complete(row.json) }
        #expect(error?.description == row.reason)
    }

    @Test(arguments: [
        ("application/cloudevents+json", true), ("application/CloudEvents+json; charset=utf-8", true),
        ("application/cloudevents-batch+json", false), ("application/json", false), ("", false),
    ])
    func `an event is known by its content type`(_ row: (type: String, isEvent: Bool)) {
        #expect(DataForm.isCloudEvent(row.type) == row.isEvent)
    }

    // MARK: - Reading

    @Test func `what a delivery needs is read, and what isn't text is passed over`() throws {
        let json = """
            {"id":"7","topic":"t","traceparent":"00-a-b-01","tracestate":"x=y","expiration":"1970-01-01T00:00:01Z",
             "traceid":12,"data":{"id":"no"}}
            """
        let received = try read(json)
        #expect(received.id == "7" && received.topic == "t" && received.expiration == UTCTime(seconds: 1))
        #expect(received.traceParent == "00-a-b-01" && received.traceState == "x=y")
        #expect(try read(#"{"traceparent":5,"traceid":"00-c-d-01","expiration":"soon"}"#).traceParent == "00-c-d-01")
        #expect(try read(#"{"traceid":"00-c-d-01","traceparent":"00-a-b-01"}"#).traceParent == "00-a-b-01")
        #expect(throws: (any Error).self) { try read("[]") }
    }

    @Test(arguments: [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("abcd", "YWJjZA==")])
    func `base 64 goes both ways`(_ row: (data: String, text: String)) {
        #expect(Array(row.data.utf8).withUnsafeBytes { Base64.text(of: $0) } == row.text)
        #expect(Base64.bytes(of: row.text) == Array(row.data.utf8))
    }

    @Test(arguments: ["a", "ab=", "a===", "====", "ab=c", "ab==abcd", "ab*d", "ä=="])
    func `what isn't base 64 is refused`(text: String) { #expect(Base64.bytes(of: text) == nil) }

    private func envelope(_ data: String, _ type: String) -> String {
        String(decoding: Array(data.utf8).withUnsafeBytes { event.json(data: $0, contentType: type) }, as: UTF8.self)
    }

    private func complete(_ json: String) throws -> (json: String, id: String) {
        let (bytes, id) = try Array(json.utf8).withUnsafeBytes { try event.completing($0) }
        return (String(decoding: bytes, as: UTF8.self), id)
    }

    private func read(_ json: String) throws -> ReceivedCloudEvent {
        try Array(json.utf8).withUnsafeBytes { try ReceivedCloudEvent.read($0) }
    }
}
