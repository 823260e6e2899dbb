// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Synchronization
import Testing

@testable import Ambassador

@Suite struct ComparatorTests {
    private func response(_ json: String, status: Int = 200) -> ByteBuffer {
        ByteBuffer(
            string:
                "HTTP/1.1 \(status) OK\r\nContent-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n\r\n"
                + json)
    }

    private func exchange(_ primary: String, _ candidate: String, again: String? = nil) -> ComparedExchange {
        ComparedExchange(
            method: "GET", path: "/a", primary: response(primary), candidate: response(candidate),
            again: again.map { response($0) })
    }

    private func ledger(samples: Int = 50, _ exchanges: [ComparedExchange]) -> ComparisonReport {
        var ledger = ComparisonLedger(samplesMax: samples)
        for exchange in exchanges {
            ledger.note(exchange, exchange.compare(ResponseComparison()), at: UTCTime(seconds: 0, nanoseconds: 0))
        }
        return ledger.whole
    }

    @Test func `answers are equal, different, or different by noise`() {
        let report = ledger([
            exchange(#"{"a":1}"#, #"{"a":1}"#, again: #"{"a":1}"#),
            // This very request has a time that differs anyway.
            exchange(#"{"a":1,"t":1}"#, #"{"a":1,"t":3}"#, again: #"{"a":1,"t":2}"#),
            // That it does is known by now.
            exchange(#"{"a":1,"t":1}"#, #"{"a":1,"t":3}"#),
            exchange(#"{"a":1,"t":1}"#, #"{"a":2,"t":3}"#),
        ])
        #expect(report.compared == 4 && report.equal == 1 && report.noise == 2 && report.different == 1)
        #expect(report.measured == 2)
        #expect(report.samples.map { $0.differences.map { "\($0.place)" } } == [["$.a"]])
        #expect(report.places.map { "\($0.place)" } == ["$.a", "$.t"])
        #expect(report.places.map(\.isReported) == [true, false])
        #expect(report.summary == "4 compared: 1 equal, 2 noise, 1 different (25.0 %)")
    }

    @Test func `what isn't HTTP isn't compared`() {
        var broken = exchange("1", "1")
        broken.candidate = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")
        let report = ledger([broken])
        #expect(report.compared == 0 && report.unreadable == 1)
    }

    @Test func `a second answer that can't be read measures nothing`() {
        var broken = exchange("1", "2")
        broken.again = ByteBuffer(string: "nonsense")
        let report = ledger([broken])
        #expect(report.different == 1 && report.measured == 0)
    }

    @Test func `the latest samples are kept`() {
        let exchanges = (0..<5).map { exchange("\($0)", "\($0 + 1)") }
        #expect(ledger(samples: 2, exchanges).samples.map { $0.differences[0].primary } == ["4", "3"])
        #expect(ledger(samples: 0, exchanges).samples.isEmpty)
    }

    @Test func `a report is JSON`() {
        let report = ledger([exchange(#"{"a":1}"#, #"{"a":2}"#)])
        var json = JSONWriter()
        json.beginObject()
        report.write(to: &json)
        json.endObject()
        #expect(
            json.text
                == #"{"compared":1,"equal":0,"noise":0,"different":1,"measured":0,"repeated":0,"long":0,"#
                + #""unreadable":0,"dropped":0,"differencesElsewhere":0,"#
                + #""places":[{"place":"$.a","differences":1,"noise":0,"reported":true,"#
                + #""primary":"1","candidate":"2"}],"samples":[{"time":"1970-01-01T00:00:00Z","method":"GET","#
                + #""path":"/a","#
                + #""differences":[{"place":"$.a","primary":"1","candidate":"2"}]}]}"#)
        #expect(report.rows == [["$.a", "1", "0", "different", "1", "2"]])
        #expect(report.rows[0].count == ComparisonReport.headings.count)
    }

    @Test func `exchanges are compared away from whoever offers them`() async throws {
        let comparator = Comparator(MirrorConfiguration())
        for index in 0..<100 { comparator.offer(exchange("1", index.isMultiple(of: 2) ? "1" : "2")) }
        #expect(await eventually { comparator.report().compared == 100 })
        let report = comparator.report()
        #expect(report.equal == 50 && report.different == 50 && report.dropped == 0)
        comparator.offer(exchange("1", "1"))
        #expect(await eventually { comparator.report().compared == 101 })
    }

    @Test func `one exchange always fits, however long its answers may be`() async throws {
        var configuration = MirrorConfiguration()
        configuration.body = .mebibytes(8)
        let comparator = Comparator(configuration)
        let long = "\"" + String(repeating: "a", count: 7 << 20) + "\""
        comparator.offer(exchange(long, long, again: long))
        #expect(await eventually { comparator.report().equal == 1 })
        #expect(comparator.report().dropped == 0)
    }

    @Test func `what can't be kept is dropped and counted`() async throws {
        let comparator = Comparator(MirrorConfiguration())
        let long = "\"" + String(repeating: "a", count: comparator.waitingBytesMax) + "\""
        comparator.offer(exchange(long, long))
        #expect(comparator.report().dropped == 1)
        // Nobody gets further than to take those that wait while this thread offers ten times as many.
        let (max, one) = (Comparator.waitingMax, exchange("1", "1"))
        comparator.ledger.withLock { _ in
            for _ in 0..<max * 10 { comparator.offer(one) }
        }
        #expect(
            await eventually {
                let report = comparator.report()
                return report.compared + report.dropped == max * 10 + 1
            })
        #expect((max...max * 2).contains(comparator.report().compared))
    }
}
