// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import Synchronization
import Telemetry
import Testing
import TraceExport
import WireHTTP

@Suite(.timeLimit(.minutes(1))) struct SpanExporterTests {
    @Test func `spans go to OTLP's path in batches, with the fields that are set`() async throws {
        let header = try #require(OTLPHeader(text: "api-key=secret"))
        let collector = try await Collector(headers: [header])
        collector.trace("a", "b")
        let first = try #require(try await collector.arrivals(1).first)
        #expect(first.target == "/v1/traces" && first.spans == ["a", "b"])
        #expect(first.fields["content-type"] == "application/json" && first.fields["api-key"] == "secret")
        collector.trace("c")
        #expect(try await collector.arrivals(2).last?.spans == ["c"])
        try await collector.stop()
        #expect(collector.said.events == [])
    }

    @Test func `a full batch doesn't wait, and what is less than one waits for others`() async throws {
        let collector = try await Collector(queue: SpanQueue(batchMax: 2), limits: { $0.interval = .seconds(60) })
        collector.trace("a", "b", "c", "d", "e")
        #expect(try await collector.arrivals(2).map(\.spans) == [["a", "b"], ["c", "d"]])
        collector.trace("f")
        #expect(try await collector.arrivals(3).last?.spans == ["e", "f"])
        try await collector.stop()
    }

    @Test(
        "a collector that is busy gets the batch again, after the time that it asks for",
        arguments: [429, 502, 503, 504])
    func retries(status: Int) async throws {
        let started = ContinuousClock.now
        let collector = try await Collector { number in
            number > 0 ? HTTPResponse(.ok) : HTTPResponse(HTTPStatus(status), fields: ["retry-after": "1"])
        }
        collector.trace("a")
        #expect(try await collector.arrivals(2).map(\.spans) == [["a"], ["a"]])
        #expect(ContinuousClock.now - started >= .seconds(1))
        try await collector.said.waitFor("spans.export.recovered")
        #expect(collector.said.events == ["spans.export.failed", "spans.export.recovered"])
        try await collector.stop()
    }

    @Test("what is refused isn't sent again", arguments: [400, 401, 404, 413, 500])
    func refusals(status: Int) async throws {
        let collector = try await Collector { number in HTTPResponse(number > 0 ? .ok : HTTPStatus(status)) }
        collector.trace("a")
        try await collector.said.waitFor("spans.dropped")
        collector.trace("b")
        #expect(try await collector.arrivals(2).map(\.spans) == [["a"], ["b"]])
        try await collector.said.waitFor("spans.export.recovered")
        #expect(collector.said.events == ["spans.export.failed", "spans.dropped", "spans.export.recovered"])
        try await collector.stop()
    }

    @Test(
        "spans that a collector refuses of a batch are lost and said once",
        arguments: [
            #"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}"#,
            #"{"more":[],"partialSuccess":{"rejectedSpans":1}}"#,
        ])
    func partialSuccess(_ body: String) async throws {
        let collector = try await Collector { _ in
            HTTPResponse(.ok, fields: ["content-type": "application/json"], body: ByteBuffer(string: body))
        }
        collector.trace("a", "b")
        try await collector.said.waitFor("spans.dropped")
        collector.trace("c")
        _ = try await collector.arrivals(2)
        try await collector.stop()
        #expect(collector.said.events == ["spans.dropped"])
    }

    @Test(
        "an answer that says nothing of spans is a success",
        arguments: ["", "{}", "[]", #"{"partialSuccess":{}}"#, #"{"partialSuccess":null}"#, "{", "\u{0}"])
    func success(_ body: String) async throws {
        let collector = try await Collector { _ in
            HTTPResponse(.ok, fields: ["content-type": "application/json"], body: ByteBuffer(string: body))
        }
        collector.trace("a")
        _ = try await collector.arrivals(1)
        try await collector.stop()
        #expect(collector.said.events == [])
    }

    @Test func `a collector that isn't there costs spans, not requests, and is said once`() async throws {
        let queue = SpanQueue(spansMax: 4, batchMax: 2)
        let collector = try await Collector(
            queue: queue, isUp: false,
            limits: {
                $0.triesMax = 2
                $0.pause = .milliseconds(100)
            })
        for number in 0..<50 { collector.trace("\(number)") }
        #expect(queue.count <= 4)
        try await collector.said.waitFor("spans.dropped")
        try await collector.stop()
        #expect(collector.said.events.count { $0 == "spans.export.failed" } == 1)
        #expect(collector.said.events.count { $0 == "spans.dropped" } <= 3, "once for each reason")
    }

    @Test func `a collector that doesn't answer holds nothing up, neither the next batch nor the end`() async throws {
        let collector = try await Collector { number in
            if number != 1 { try await Task.sleep(for: .seconds(30)) }
            return HTTPResponse(.ok)
        } limits: {
            $0.timeout = .milliseconds(100)
            $0.flush = .milliseconds(200)
        }
        collector.trace("a")
        #expect(try await collector.arrivals(2).map(\.spans) == [["a"], ["a"]])
        try await collector.said.waitFor("spans.export.recovered")
        collector.trace("b")
        _ = try await collector.arrivals(3)
        let started = ContinuousClock.now
        try await collector.stop()
        #expect(ContinuousClock.now - started < .seconds(15), "far less than the 30 s of the answer")
        #expect(collector.said.events.last == "spans.dropped")
    }

    @Test func `an answer without an end holds nothing up`() async throws {
        let collector = try await Collector { number in
            number > 0
                ? HTTPResponse(.ok)
                : HTTPResponse(.ok, length: nil) { writer in
                    try await writer.write(ByteBuffer(string: "{"))
                    try await Task.sleep(for: .seconds(30))
                }
        } limits: {
            $0.timeout = .milliseconds(100)
        }
        collector.trace("a")
        #expect(try await collector.arrivals(2).map(\.spans) == [["a"], ["a"]])
        try await collector.stop()
    }

    @Test func `what is left at the end is sent, the batch in delivery first`() async throws {
        let collector = try await Collector(queue: SpanQueue(batchMax: 2)) { number in
            HTTPResponse(number == 0 ? .serviceUnavailable : .ok)
        } limits: {
            $0.interval = .seconds(60)
            $0.pause = .seconds(60)
        }
        collector.trace("a", "b")
        try await collector.said.waitFor("spans.export.failed")
        collector.trace("c", "d", "e")
        try await collector.stop()
        #expect(try await collector.arrivals(4).map(\.spans) == [["a", "b"], ["a", "b"], ["c", "d"], ["e"]])
        #expect(collector.said.events == ["spans.export.failed", "spans.export.recovered"])
    }
}
