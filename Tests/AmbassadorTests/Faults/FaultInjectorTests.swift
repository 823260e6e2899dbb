// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Testing
import WireHTTP

@testable import Ambassador

@Suite struct FaultInjectorTests {
    /// What goes wrong with so many requests, one after another.
    private func plans(
        _ faults: NamedTable<FaultConfiguration>, count: Int = 1, headers: String = ""
    ) throws -> [FaultPlan?] {
        let injector = try #require(FaultInjector(faults))
        return try (0..<count).map { _ in try plan(injector, headers) }
    }

    private func plan(_ injector: FaultInjector, _ headers: String = "") throws -> FaultPlan? {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(headers)\r\n".utf8)
        var head = HTTPHeadScan()
        #expect(try head.scanRequest(bytes.span) != nil)
        return injector.plan(head, bytes.span)
    }

    private func fault(_ configure: (inout FaultConfiguration) -> Void) -> FaultConfiguration {
        var fault = FaultConfiguration()
        configure(&fault)
        return fault
    }

    @Test func `a route without faults has no injector`() { #expect(FaultInjector([:]) == nil) }

    @Test func `the first two fail, and those after them don't`() throws {
        let plans = try plans(["outage": fault { $0.selection.first = 2 }], count: 5)
        #expect(plans.map { $0?.end } == [.status(503), .status(503), nil, nil, nil])
    }

    @Test func `every third fails`() throws {
        let plans = try plans(["hiccup": fault { $0.selection.every = 3 }], count: 7)
        #expect(plans.map { $0 != nil } == [false, false, true, false, false, true, false])
    }

    @Test func `a percentage is hit, the same at each start`() throws {
        let half = fault { $0.selection.percent = Percentage(30) ?? .none }
        let first = try plans(["some": half], count: 10_000)
        let second = try plans(["some": half], count: 10_000)
        #expect(first == second)
        #expect((2850...3150).contains(first.count { $0 != nil }))
        let other = try plans(
            [
                "some": fault {
                    $0.selection.percent = Percentage(30) ?? .none
                    $0.selection.seed = 1
                }
            ], count: 10_000)
        #expect(first != other)
    }

    @Test func `none and all are exact`() throws {
        let none = try plans(["a": fault { $0.selection.percent = .none }], count: 1000)
        #expect(none.allSatisfy { $0 == nil })
        let all = try plans(["a": FaultConfiguration()], count: 1000)
        #expect(all.allSatisfy { $0 != nil })
    }

    @Test(
        "only requests with the headers are hit, and only they are counted",
        arguments: [
            ("X-Fault: yes\r\n", true), ("x-fault: yes\r\n", true), ("x-fault: no\r\n", false), ("", false),
            ("x-fault: no\r\nx-fault: yes\r\n", true),
        ])
    func header(headers: String, isHit: Bool) throws {
        let injector = try #require(
            FaultInjector([
                "a": fault {
                    $0.header = ["x-fault": "yes"]
                    $0.selection.first = 1
                }
            ]))
        #expect(try plan(injector) == nil)
        #expect((try plan(injector, headers) != nil) == isHit)
        #expect(injector.hits.map(\.count) == [isHit ? 1 : 0])
    }

    @Test func `a star is any value`() throws {
        let any: NamedTable<FaultConfiguration> = ["a": fault { $0.header = ["x-fault": "*"] }]
        #expect(try plans(any, headers: "x-fault: whatever\r\n") == [FaultPlan(.status(503))])
        #expect(try plans(any) == [nil])
    }

    @Test func `faults add up: delays are summed, the first end counts, and the lowest rate`() throws {
        let plans = try plans([
            "slow": fault { ($0.kind, $0.delay) = (.delay, .milliseconds(200)) },
            "slower": fault { ($0.kind, $0.delay) = (.delay, .milliseconds(100)) },
            "gone": fault { $0.kind = .reset },
            "abort": fault { $0.status = 500 },
            "wide": fault { ($0.kind, $0.rate) = (.throttle, .mebibytes(1)) },
            "narrow": fault { ($0.kind, $0.rate) = (.throttle, .kibibytes(1)) },
        ])
        var expected = FaultPlan(.reset)
        expected.delayNanoseconds = 300_000_000
        expected.bytesPerSecond = 1024
        #expect(plans == [expected])
    }

    @Test func `jitter is added to the delay, and differs`() throws {
        let plans = try plans(
            [
                "slow": fault {
                    ($0.kind, $0.delay, $0.jitter) = (.delay, .milliseconds(10), .milliseconds(5))
                }
            ], count: 1000)
        let delays = plans.compactMap { $0?.delayNanoseconds }
        #expect(delays.allSatisfy { (10_000_000...15_000_000).contains($0) })
        #expect(Set(delays).count > 900)
    }

    @Test func `several event loops count together`() async throws {
        let injector = try #require(FaultInjector(["outage": fault { $0.selection.first = 100 }]))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { for _ in 0..<100 { _ = try? self.plan(injector) } } }
        }
        #expect(injector.hits.map(\.count) == [100])
    }
}

extension FaultPlan {
    fileprivate init(_ end: End) {
        self.init()
        self.end = end
    }
}

@Suite struct ByteRateTests {
    @Test func `so many bytes pass in a second`() {
        var rate = ByteRate(bytesPerSecond: 1000)
        let start = NIODeadline.uptimeNanoseconds(5_000_000_000)
        #expect(rate.pieceBytes == 100 && rate.next < start)
        var now = start
        for _ in 0..<20 {
            now = max(now, rate.next)
            rate.pass(rate.pieceBytes, at: now)
        }
        #expect(rate.next - start == .seconds(2))
    }

    @Test func `what wasn't used isn't saved up`() {
        var rate = ByteRate(bytesPerSecond: 10)
        rate.pass(1, at: .uptimeNanoseconds(0))
        rate.pass(1, at: .uptimeNanoseconds(60_000_000_000))
        #expect(rate.next == .uptimeNanoseconds(60_100_000_000))
        #expect(ByteRate(bytesPerSecond: 1).pieceBytes == 1)
    }
}
