// SPDX-License-Identifier: Apache-2.0

import Telemetry
import Testing

@Suite struct TracerTests {
    private let sampled = TraceContext(
        traceID: .init(high: 1, low: 2), spanID: 3, flags: [.sampled, .random], state: "a=1")
    private let unsampled = TraceContext(traceID: .init(high: 1, low: 2), spanID: 3, flags: [])

    @Test func `a recorded span has its parent and its time, and waits in the queue`() throws {
        let queue = SpanQueue()
        let span = Tracer(queue, rate: 0).begin(.client, under: sampled)
        #expect(span.isRecorded)
        #expect(span.context.traceID == sampled.traceID && span.context.spanID != sampled.spanID)
        #expect(span.context.state == "a=1")
        span.end("GET /x", status: .failed("status 500"), [.init("n", 1)])
        let ended = try #require(queue.take().first)
        #expect(ended.context == span.context && ended.parentID == sampled.spanID)
        #expect(ended.name == "GET /x" && ended.kind == .client && ended.status == .failed("status 500"))
        #expect(ended.end >= ended.start && ended.start > 1_700_000_000_000_000_000)
    }

    @Test func `the maker of a trace decides, and a span that isn't recorded leaves the context as it is`() {
        let queue = SpanQueue()
        let span = Tracer(queue, rate: 1).begin(.server, under: unsampled)
        #expect(!span.isRecorded && span.context == unsampled)
        span.end("nothing")
        let off = Tracer.off.begin(.server, under: sampled)
        #expect(!off.isRecorded && off.context == sampled)
        #expect(queue.count == 0 && !Tracer.off.isRecording && !Tracer.off.isOn)
    }

    @Test func `without a queue traces begin all the same, and nothing is recorded`() {
        let span = Tracer(nil, rate: 1).begin(.client, under: nil)
        #expect(!span.isRecorded && span.context.isSampled && span.context.spanID != 0)
        #expect(Tracer(nil, rate: 1).isOn && !Tracer(nil, rate: 1).isRecording)
    }

    @Test("new traces are recorded by rate", arguments: [(0.0, 0...0), (0.25, 2200...2800), (1, 10_000...10_000)])
    func rate(_ row: (rate: Double, recorded: ClosedRange<Int>)) {
        let tracer = Tracer(SpanQueue(), rate: row.rate)
        let spans = (0..<10_000).map { _ in tracer.begin(.server, under: nil) }
        #expect(row.recorded.contains(spans.count { $0.isRecorded }))
        #expect(spans.allSatisfy { $0.isRecorded == $0.context.isSampled })
    }

    @Test("a rate that is none records nothing or all", arguments: [(-1.0, false), (.nan, false), (7, true)])
    func clampedRate(_ row: (rate: Double, isRecorded: Bool)) {
        #expect(Tracer(SpanQueue(), rate: row.rate).begin(.server, under: nil).isRecorded == row.isRecorded)
    }

    @Test func `a full queue drops the newest and counts them`() {
        let queue = SpanQueue(spansMax: 3, batchMax: 2)
        let tracer = Tracer(queue, rate: 1)
        for number in 1...5 { tracer.begin(.server, under: nil).end("\(number)") }
        #expect(queue.takeDropped() == 2 && queue.takeDropped() == 0)
        #expect(queue.take().map(\.name) == ["1", "2"])
        #expect(queue.take().map(\.name) == ["3"])
        #expect(queue.take().isEmpty)
    }

    @Test func `a queue says that it begins to fill, and that a batch is there`() async {
        let queue = SpanQueue(spansMax: 4, batchMax: 3)
        let tracer = Tracer(queue, rate: 1)
        var signals = queue.signals.makeAsyncIterator()
        tracer.begin(.server, under: nil).end("1")
        #expect(await signals.next() == .filling)
        for number in 2...4 { tracer.begin(.server, under: nil).end("\(number)") }
        #expect(await signals.next() == .full)
    }

    @Test func `a span's texts and attributes are bounded`() {
        let long = String(repeating: "é", count: TraceSpan.charactersMax + 1)
        let attributes = (0...TraceSpan.attributesMax).map { TraceSpan.Attribute("k\($0)", long) }
        let span = TraceSpan(
            long, .server, sampled, parentID: nil, start: 1, end: 2, status: .failed(long), attributes: attributes)
        let cut = String(long.dropLast())
        #expect(span.name == cut && span.status == .failed(cut))
        #expect(span.attributes.count == TraceSpan.attributesMax && span.droppedAttributes == 1)
        #expect(span.attributes.allSatisfy { $0.value == .text(cut) })
    }
}
