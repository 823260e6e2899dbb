// SPDX-License-Identifier: Apache-2.0

import Telemetry
import Testing

@Suite struct TraceContextTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let span = "b7ad6b7169203331"

    @Test(
        "a traceparent that keeps the rules is read, and written as version 00",
        arguments: [
            ("00-\(trace)-\(span)-00", "00"), ("00-\(trace)-\(span)-01", "01"), ("00-\(trace)-\(span)-03", "03"),
            // What isn't known of the flags isn't passed on.
            ("00-\(trace)-\(span)-ff", "03"), ("00-\(trace)-\(span)-08", "00"),
            // A later version may have more.
            ("cc-\(trace)-\(span)-01", "01"), ("cc-\(trace)-\(span)-01-", "01"), ("01-\(trace)-\(span)-01-what", "01"),
        ])
    func valid(_ row: (text: String, flags: String)) throws {
        let context = try #require(TraceContext(traceparent: row.text))
        #expect(context.traceID == .init(high: 0x0af7_6519_16cd_43dd, low: 0x8448_eb21_1c80_319c))
        #expect(context.spanID == 0xb7ad_6b71_6920_3331)
        #expect(context.traceparent == "00-\(Self.trace)-\(Self.span)-\(row.flags)")
    }

    @Test(
        "a traceparent that breaks a rule is none",
        arguments: [
            "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-", "00-\(trace)-\(span)-0", "00-\(trace)-\(span)-1x",
            "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-what", "cc-\(trace)-\(span)-01.what",
            "cc-\(trace)-\(span)-012", "ff-\(trace)-\(span)-01", "0-\(trace)-\(span)-011", "00_\(trace)-\(span)-01",
            "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01", "00-\(trace.uppercased())-\(span)-01",
            "00-\(trace)-\(span.uppercased())-01", "00-\(trace)-\(span)-0A", "0X-\(trace)-\(span)-01",
            "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
            " 00-\(trace)-\(span)-01", "00-\(trace)-\(span)-01 ", "00-\(trace)-b7ad6b716920333é-01",
            "00-\(trace)-\(span)-01\u{0}",
        ])
    func invalid(_ text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test func `no text makes the reader fail, and what it takes it writes again as it was`() {
        var generator = SystemRandomNumberGenerator()
        let valid = Array("00-\(Self.trace)-\(Self.span)-01".utf8)
        for _ in 0..<20_000 {
            var bytes = valid
            for _ in 0...Int.random(in: 0...3, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[index] = "0123456789abcdefABCDEF-g".utf8.randomElement(using: &generator) ?? 0
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                case 2: if bytes.count > 1 { bytes.remove(at: index) }
                default: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let context = TraceContext(traceparent: text) else { continue }
            #expect(context.traceparent.dropFirst(2).dropLast(2) == text.dropFirst(2).prefix(51), "\(text)")
            #expect(TraceContext(traceparent: context.traceparent) == context)
        }
    }

    @Test func `tracestate is kept as it came`() {
        let state = " rojo=00f067aa0ba902b7 ,\tcongo=t61rcWkgMzE,, a@b=x "
        #expect(TraceContext(traceparent: "00-\(Self.trace)-\(Self.span)-01", state: state)?.state == state)
    }

    @Test func `tracestate beyond its limits loses its end, or all`() {
        let many = (0..<TraceState.membersMax).map { "k\($0)=v" }.joined(separator: ",")
        #expect(TraceState.bounded(many) == many)
        #expect(TraceState.bounded(many + ",one=more") == "")
        let long = "a=" + String(repeating: "x", count: 300)
        let exact = long + ",b=" + String(repeating: "y", count: TraceState.bytesMax - long.utf8.count - 3)
        #expect(TraceState.bounded(exact) == exact)
        #expect(TraceState.bounded(exact + "z") == long)
        #expect(TraceState.bounded(exact + ",c=1") == exact)
        #expect(TraceState.bounded(String(repeating: "x", count: TraceState.bytesMax + 1)) == "")
        for text in ["a=\u{7f}", "a=é", "a=\n", "a=\u{0}"] { #expect(TraceState.bounded(text) == "") }
    }

    @Test func `a child is another span of the same trace`() throws {
        let parent = try #require(TraceContext(traceparent: "00-\(Self.trace)-\(Self.span)-03", state: "a=1"))
        let child = parent.child()
        #expect(child.traceID == parent.traceID && child.spanID != parent.spanID && child.spanID != 0)
        #expect(child.flags == parent.flags && child.state == "a=1")
    }

    @Test func `new traces have ids that don't repeat`() {
        let contexts = (0..<10_000).map { _ in TraceContext.root { _ in true } }
        #expect(Set(contexts.map(\.traceID)).count == contexts.count)
        #expect(Set(contexts.map(\.spanID)).count == contexts.count)
        #expect(contexts.allSatisfy { TraceContext(traceparent: $0.traceparent) == $0 })
    }
}
