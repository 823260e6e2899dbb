// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc
import LogBroker
import Logging
import MemoryEngine
import NIOCore
import Synchronization

#if os(Linux)
// Some module of the toolchain has to give `timespec` its members; in a static build it is this one.
import SwiftOverlayShims
#endif

/// How many messages per second the broker delivers from an in-memory log to an app that answers at once.
@main
enum BrokerBenchmark {
    static let messageCount = 300_000

    static func main() async throws {
        try await rest(1000)
        try await run("64 keys, backlog", keyCount: 64)
        try await run("64 keys, live", keyCount: 64, isLive: true)
        try await run("one key, backlog", keyCount: 1)
        try await run("no key, backlog", keyCount: 0)
        try await run("no key, concurrency 16, backlog", keyCount: 0) { $0.concurrency = 16 }
        try await run("64 keys, batches of 32, backlog", keyCount: 64) { $0.batchMessagesMax = 32 }
        try await run("64 keys, backlog, beside 1,000 idle subscriptions", keyCount: 64, idleCount: 1000)
    }

    private static func run(
        _ name: String, keyCount: Int, isLive: Bool = false, idleCount: Int = 0,
        _ change: (inout BrokerSubscriptionRequest) -> Void = { _ in }
    ) async throws {
        let logger = Logger(label: "benchmark", factory: { _ in SwiftLogNoOpLogHandler() })
        let broker = LogBroker(pubsub: "pubsub", log: InMemoryEventLog(), logger: logger)
        let counter = DeliveryCounter(messageCount)
        var request = BrokerSubscriptionRequest(topic: "orders", group: "app")
        change(&request)
        for number in 0..<idleCount {
            let idle = BrokerSubscriptionRequest(topic: "idle\(number)", group: "app")
            _ = try await broker.subscribe(idle) { $0.map { _ in .success } }
        }
        if !isLive { await publish(broker, keyCount) }
        let clock = ContinuousClock()
        let start = clock.now
        _ = try await broker.subscribe(request) { messages in
            counter.add(messages.count)
            return messages.map { _ in .success }
        }
        if isLive { await publish(broker, keyCount) }
        await counter.wait()
        let seconds = (clock.now - start) / .seconds(1)
        print("\(name): \(Int(Double(messageCount) / seconds)) deliveries/s")
        await broker.close()
    }

    /// What subscriptions cost that have nothing to do.
    private static func rest(_ count: Int) async throws {
        let logger = Logger(label: "benchmark", factory: { _ in SwiftLogNoOpLogHandler() })
        let broker = LogBroker(pubsub: "pubsub", log: InMemoryEventLog(), logger: logger)
        let before = cpuSeconds
        let start = ContinuousClock.now
        for number in 0..<count {
            let request = BrokerSubscriptionRequest(topic: "idle\(number)", group: "app")
            _ = try await broker.subscribe(request) { $0.map { _ in .success } }
        }
        print("\(count) subscriptions: begun in \(ContinuousClock.now - start), \(cpuSeconds - before) s of CPU")
        let idle = cpuSeconds
        try await Task.sleep(for: .seconds(10))
        print("\(count) subscriptions at rest: \((cpuSeconds - idle) * 10) % of a core")
        await broker.close()
    }

    /// User and system time of the process.
    private static var cpuSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func publish(_ broker: LogBroker, _ keyCount: Int) async {
        let data = ByteBuffer(repeating: 0x78, count: 200)
        for first in stride(from: 0, to: messageCount, by: 100) {
            let messages = (first..<first + 100).map { number in
                BrokerMessage(
                    data: data, contentType: "application/cloudevents+json", id: "\(number)",
                    partitionKey: keyCount > 0 ? "customer-\(number % keyCount)" : nil)
            }
            _ = await broker.publish(messages, to: "orders")
        }
    }
}

/// Counts deliveries and tells when all have come.
private final class DeliveryCounter: Sendable {
    private struct State {
        var missing: Int
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(missing: count)) }

    func add(_ count: Int) {
        let waiter = state.withLock { state in
            state.missing -= count
            return state.missing <= 0 ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.missing > 0 { state.waiter = continuation }
                return state.missing <= 0
            }
            if isDone { continuation.resume() }
        }
    }
}
