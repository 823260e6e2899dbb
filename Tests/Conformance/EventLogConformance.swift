// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import NIOCore
import Testing

/// What every `EventLog` promises, as checks that an engine's tests run one by one, each against an empty log.
///
/// Goal: whoever programs against the contract can change the engine. Method: only the contract's calls. `other` is the
/// same log as another process has it, where the engine has such a thing, and the log itself elsewhere.
package struct EventLogConformance: Sendable {
    package let log: any EventLog
    package let other: any EventLog

    package init(_ log: any EventLog, other: (any EventLog)? = nil) {
        self.log = log
        self.other = other ?? log
    }

    /// A check's name, as a sentence, and the check.
    package struct Check: Sendable, CustomTestStringConvertible {
        package var testDescription: String
        package var body: @Sendable (EventLogConformance) async throws -> Void
    }

    package static let checks: [Check] = events + expectations + trimming + consumers + concurrency + watches + groups

    private static let events = [
        Check(testDescription: "events come back as they were appended") { try await $0.roundTrips() },
        Check(testDescription: "positions are dense over all streams, and revisions in each") { try await $0.dense() },
        Check(testDescription: "a log that nobody has written to is empty") { try await $0.empty() },
        Check(testDescription: "streams are told apart byte by byte") { try await $0.streamsAreExact() },
        Check(testDescription: "a read by position begins after it, one by revision at it") { try await $0.starts() },
        Check(testDescription: "a read ends at its limits and says whether that was the end") {
            try await $0.limits()
        },
        Check(testDescription: "a large event comes back whole, alone where it exceeds a read's bytes") {
            try await $0.largeEvents()
        },
        Check(testDescription: "appends of one call don't depend on each other") { try await $0.independentAppends() },
        Check(testDescription: "calls with nothing are answered with nothing") { try await $0.emptyCalls() },
    ]

    private static let expectations = [
        Check(testDescription: "an append whose expectation doesn't hold leaves no trace") {
            try await $0.expectations()
        },
        Check(testDescription: "an append that is repeated gets its first result and adds nothing") {
            try await $0.repeats()
        },
        Check(testDescription: "an id that is used again with other content or elsewhere is a conflict") {
            try await $0.conflicts()
        },
        Check(testDescription: "ids of appends without a revision have no meaning") {
            try await $0.idsWithoutMeaning()
        },
        Check(testDescription: "of many appends to one revision exactly one wins") { try await $0.oneWins() },
    ]

    private static let trimming = [
        Check(testDescription: "trimming removes the oldest, up to its limit") { try await $0.trims() },
        Check(testDescription: "trimming gives back neither positions nor revisions") {
            try await $0.trimsGiveNothingBack()
        },
        Check(testDescription: "a trimmed stream is read from what is left") { try await $0.readsTrimmed() },
    ]

    private static let consumers = [
        Check(testDescription: "checkpoints are kept by consumer, stream and partition") {
            try await $0.checkpoints()
        },
        Check(testDescription: "a forgotten consumer has no checkpoints") { try await $0.forgets() },
    ]

    private static let concurrency = [
        Check(testDescription: "under concurrent appends each event is once where its append said") {
            try await $0.history()
        },
        Check(testDescription: "a reader that follows the log misses nothing and sees nothing twice") {
            try await $0.follows()
        },
        Check(testDescription: "an append that returned is seen by every read that begins after it") {
            try await $0.readsItsAppends()
        },
    ]

    private static let watches = [
        Check(testDescription: "a watch is told of the streams that it waits for, and of no others") {
            try await $0.tells()
        },
        Check(testDescription: "a cancelled watch is told of nothing") { try await $0.cancels() },
    ]

    private static let groups = [
        Check(testDescription: "a partition has one owner at a time") { try await $0.owns() },
        Check(testDescription: "members are counted, and those that left are not") { try await $0.counts() },
    ]
}

// MARK: - Shorthands

extension EventLogConformance {
    @discardableResult
    func append(
        _ stream: String, expecting expectation: EventAppend.Expectation = .any, _ events: NewEvent...,
        to log: (any EventLog)? = nil
    ) async throws -> AppendedEvents {
        try await (log ?? self.log).append([EventAppend(stream, expecting: expectation, events)])[0].get()
    }

    func expectError(
        _ code: EventLogError.Code, _ append: EventAppend,
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) async -> EventLogError? {
        let error = await #expect(throws: EventLogError.self, sourceLocation: sourceLocation) {
            _ = try await log.append([append])[0].get()
        }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        return error
    }

    /// The data of the events that a read of the whole stream brings.
    func texts(_ stream: String, from revision: Int64 = 0) async throws -> [String] {
        try await log.read(stream, from: revision, limit: EventReadLimit()).events.map { String(buffer: $0.event.data) }
    }
}

extension NewEvent {
    static func text(_ text: String, id: String? = nil) -> NewEvent {
        NewEvent(id: id ?? text, type: "test.text", data: ByteBuffer(string: text))
    }
}
