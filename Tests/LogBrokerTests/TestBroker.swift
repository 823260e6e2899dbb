// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Logging
import MemoryEngine
import NIOCore
import Synchronization
import Testing

@testable import LogBroker

let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

extension LogBroker {
    static func test(
        _ log: any EventLog, retention: RetentionPolicy = RetentionPolicy(),
        limits: DeliveryQueue.Limits = DeliveryQueue.Limits()
    ) -> LogBroker {
        LogBroker(
            pubsub: "pubsub", log: log, retention: retention, limits: limits,
            balanceInterval: .milliseconds(20), logger: silent)
    }

    /// Publishes texts and expects that each is taken.
    func publish(_ texts: [String], key: String? = nil, to topic: String = "orders", timeToLive: Int64? = nil) async {
        let messages = texts.map { text in
            BrokerMessage(
                data: ByteBuffer(string: text), contentType: "text/plain", id: text, partitionKey: key,
                timeToLiveSeconds: timeToLive, metadata: [MessageHeader("name", text)])
        }
        for answer in await publish(messages, to: topic) {
            #expect((try? answer.get()) != nil, "a message wasn't taken")
        }
    }
}

extension BrokerSubscriptionRequest {
    static func test(
        _ topic: String = "orders", group: String = "mailer",
        _ change: (inout BrokerSubscriptionRequest) -> Void = { _ in }
    ) -> BrokerSubscriptionRequest {
        var request = BrokerSubscriptionRequest(topic: topic, group: group)
        request.retry.first = .milliseconds(5)
        request.retry.longest = .milliseconds(20)
        change(&request)
        return request
    }
}

/// An app that remembers what it was given, and answers as it is told.
final class Inbox: Sendable {
    struct State {
        var received: [ReceivedMessage] = []
        var batchSizes: [Int] = []
        var answer: @Sendable (ReceivedMessage) async -> DeliveryOutcome = { _ in .success }
        var successes: [String] = []
    }

    private let state = Mutex(State())

    init(_ answer: @escaping @Sendable (ReceivedMessage) async -> DeliveryOutcome = { _ in .success }) {
        state.withLock { $0.answer = answer }
    }

    @Sendable func deliver(_ messages: [ReceivedMessage]) async -> [DeliveryOutcome] {
        let answer = state.withLock { state in
            state.received += messages
            state.batchSizes.append(messages.count)
            return state.answer
        }
        var outcomes: [DeliveryOutcome] = []
        for message in messages {
            let outcome = await answer(message)
            if outcome == .success { state.withLock { $0.successes.append(message.text) } }
            outcomes.append(outcome)
        }
        return outcomes
    }

    func answer(_ answer: @escaping @Sendable (ReceivedMessage) async -> DeliveryOutcome) {
        state.withLock { $0.answer = answer }
    }

    var received: [ReceivedMessage] { state.withLock { $0.received } }
    var texts: [String] { received.map(\.text) }
    var successes: [String] { state.withLock { $0.successes } }
    var batchSizes: [Int] { state.withLock { $0.batchSizes } }

    /// Waits until so many messages came, with a deadline far away.
    func wait(for count: Int) async { await eventually { self.received.count >= count } }
}

extension ReceivedMessage {
    var text: String { String(buffer: message.data) }
}

/// Waits until something holds. Tests that reckon for seconds share the threads, so the deadline is far away.
func eventually(
    _ seconds: Int = 120, _ holds: () async -> Bool, _ location: SourceLocation = #_sourceLocation
) async {
    let end = ContinuousClock.now.advanced(by: .seconds(seconds))
    while ContinuousClock.now < end {
        if await holds() { return }
        try? await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("it didn't come true in \(seconds) s", sourceLocation: location)
}

/// A log that fails on demand, and whose process can end suddenly.
final class FragileLog: EventLog {
    struct State {
        var failsReading = false
        var failsSaving = false
        var failsAppending = false
        /// The most bytes beside a parked event that the log takes.
        var graveBytesMax = Int.max
        var isDead = false
        var saveCount = 0
        var readCount = 0
        var members: [any GroupMember] = []
    }

    let log: any EventLog
    let state = Mutex(State())

    init(_ log: any EventLog = InMemoryEventLog()) { self.log = log }

    var durability: StateDurability { log.durability }
    var saveCount: Int { state.withLock { $0.saveCount } }
    var readCount: Int { state.withLock { $0.readCount } }

    func set(_ change: @Sendable (inout State) -> Void) { state.withLock { change(&$0) } }

    /// What a process does that is killed: its locks are freed, and nothing that it still tries has an effect.
    func die(_ meanwhile: () -> Void = {}) {
        let members = state.withLock { state in
            state.isDead = true
            meanwhile()
            return state.members
        }
        for member in members { member.leave() }
    }

    private func check(_ fails: (State) -> Bool) throws(EventLogError) {
        if state.withLock({ $0.isDead || fails($0) }) { throw EventLogError(.unavailable, "out of order") }
    }

    func append(_ appends: [EventAppend]) async -> [Result<AppendedEvents, EventLogError>] {
        do throws(EventLogError) {
            try check { $0.failsAppending }
        } catch {
            return appends.map { _ in .failure(error) }
        }
        let limit = state.withLock { $0.graveBytesMax }
        let graves = appends.filter { $0.stream.hasPrefix("parked/") }
        if graves.contains(where: { $0.events.contains { $0.metadata.readableBytes > limit } }) {
            return appends.map { _ in .failure(EventLogError(.tooLarge, "too many words")) }
        }
        return await log.append(appends)
    }

    func read(_ stream: String, after position: Int64, limit: EventReadLimit) async throws(EventLogError) -> EventSlice
    {
        set { $0.readCount += 1 }
        try check { $0.failsReading }
        return try await log.read(stream, after: position, limit: limit)
    }

    func read(_ stream: String, from revision: Int64, limit: EventReadLimit) async throws(EventLogError) -> EventSlice {
        try await log.read(stream, from: revision, limit: limit)
    }

    func readAll(after position: Int64, limit: EventReadLimit) async throws(EventLogError) -> EventSlice {
        try await log.readAll(after: position, limit: limit)
    }

    func extent(of stream: String) async throws(EventLogError) -> StreamExtent { try await log.extent(of: stream) }
    func head() async throws(EventLogError) -> Int64 { try await log.head() }

    func trim(_ stream: String, through position: Int64, limit: Int) async throws(EventLogError) -> Int {
        try await log.trim(stream, through: position, limit: limit)
    }

    func checkpoints(of consumer: String) async throws(EventLogError) -> [Checkpoint] {
        try await log.checkpoints(of: consumer)
    }

    func save(_ checkpoints: [Checkpoint], of consumer: String) async throws(EventLogError) {
        set { $0.saveCount += 1 }
        try check { $0.failsSaving }
        try await log.save(checkpoints, of: consumer)
    }

    func consumers(of stream: String) async throws(EventLogError) -> [String] { try await log.consumers(of: stream) }
    func forget(_ consumer: String) async throws(EventLogError) { try await log.forget(consumer) }

    func watch(_ notify: @escaping @Sendable (Set<String>) -> Void) async throws(EventLogError) -> any EventWatch {
        try await log.watch { streams in
            if !self.state.withLock({ $0.isDead }) { notify(streams) }
        }
    }

    func join(group: String) async throws(EventLogError) -> any GroupMember {
        let member = try await log.join(group: group)
        state.withLock { $0.members.append(member) }
        return member
    }
}
