// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import MemoryEngine
import NIOCore
import Synchronization
import Testing

@testable import LogBroker

/// Several instances of one group on one log.
@Suite struct GroupTests {
    @Test(
        "Members aim at equal shares",
        arguments: [
            (64, 1, 0, 0), (64, 2, 32, 0), (0, 1, 0, 64), (0, 3, 0, 22), (22, 3, 0, 0), (21, 3, 0, 1), (1, 100, 0, 0),
        ])
    func shares(_ row: (owned: Int, members: Int, surplus: Int, wanted: Int)) {
        let share = PartitionShare(owned: Set(0..<row.owned), memberCount: row.members, first: 60)
        #expect(share.surplus.count == row.surplus)
        #expect(share.wanted == row.wanted)
        #expect(Set(share.candidates).isDisjoint(with: 0..<row.owned))
    }

    @Test func `instances share the messages, and each message comes to one of them`() async throws {
        let log = InMemoryEventLog()
        let brokers = (0..<3).map { _ in LogBroker.test(log) }
        let inboxes = (0..<3).map { _ in Inbox() }
        for (broker, inbox) in zip(brokers, inboxes) { _ = try await broker.subscribe(.test(), deliver: inbox.deliver) }
        var sent = 0
        await eventually {
            await brokers[0].publishEachKey(200, round: sent)
            sent += 1
            return inboxes.allSatisfy { $0.received.count > 30 }
        }
        await eventually { inboxes.map(\.received.count).reduce(0, +) >= sent * 200 }
        for broker in brokers { await broker.close() }
        let texts = inboxes.flatMap(\.texts)
        #expect(texts.count == sent * 200)
        #expect(Set(texts).count == texts.count)
    }

    @Test func `the partitions of an instance that dies are taken over, and keys keep their order`() async throws {
        let log = InMemoryEventLog()
        let mortal = FragileLog(log)
        let gate = Gate()
        let lost = Inbox { _ in
            await gate.pass()
            return .success
        }
        let heir = Inbox()
        let first = LogBroker.test(mortal)
        let second = LogBroker.test(log)
        _ = try await first.subscribe(.test(), deliver: lost.deliver)
        await second.publishEachKey(50, round: 0)
        await lost.wait(for: 50)
        _ = try await second.subscribe(.test(), deliver: heir.deliver)
        mortal.die()
        await second.publishEachKey(50, round: 1)
        await heir.wait(for: 100)
        gate.open()
        await second.close()
        await first.close()
        for key in 0..<50 { #expect(heir.texts.filter { $0.hasPrefix("\(key)/") } == ["\(key)/0", "\(key)/1"]) }
    }

    @Test func `an instance that leaves in good order hands over without a duplicate`() async throws {
        let log = InMemoryEventLog()
        let leaver = LogBroker.test(log)
        let stayer = LogBroker.test(log)
        let inboxes = [Inbox(), Inbox()]
        let subscription = try await leaver.subscribe(.test(), deliver: inboxes[0].deliver)
        _ = try await stayer.subscribe(.test(), deliver: inboxes[1].deliver)
        for round in 0..<20 {
            await stayer.publishEachKey(50, round: round)
            if round == 10 { await subscription.end() }
        }
        await eventually { inboxes.map(\.received.count).reduce(0, +) >= 1000 }
        await stayer.close()
        #expect(Set(inboxes.flatMap(\.texts)).count == 1000)
        #expect(inboxes.map(\.received.count).reduce(0, +) == 1000)
    }

    @Test func `a topic that is added later is served on the same partitions`() async throws {
        let log = InMemoryEventLog()
        let broker = LogBroker.test(log)
        let inbox = Inbox()
        let first = try await broker.subscribe(.test("a"), deliver: inbox.deliver)
        let second = try await broker.subscribe(.test("b"), deliver: inbox.deliver)
        await broker.publish(["1"], to: "b")
        await inbox.wait(for: 1)
        await second.end()
        await broker.publish(["2"], to: "a")
        await inbox.wait(for: 2)
        await first.end()
        // After the last one has ended, the group can begin again.
        _ = try await broker.subscribe(.test("b"), deliver: inbox.deliver)
        await broker.publish(["3"], to: "b")
        await inbox.wait(for: 3)
        await broker.close()
        #expect(inbox.texts == ["1", "2", "3"])
    }

    @Test("Members come, leave and die: nothing is lost, keys keep their order", arguments: 1...3)
    func turmoil(_ seed: Int) async throws {
        var random = SplitMix(state: UInt64(seed))
        let log = InMemoryEventLog()
        let journal = Journal()
        let publisher = LogBroker.test(log)
        var members: [GroupInstance] = []
        var sent = 0
        for _ in 0..<40 {
            switch random.next(below: 6) {
            case 0...1 where members.count < 4: members.append(try await GroupInstance(log, journal))
            case 2 where members.count > 1:
                await members.remove(at: Int(random.next(below: UInt64(members.count)))).leave()
            case 3 where members.count > 1: members.remove(at: Int(random.next(below: UInt64(members.count)))).die()
            default: break
            }
            for _ in 0..<20 {
                await publisher.publish(["\(sent)"], key: sent % 4 == 3 ? nil : "key\(random.next(below: 12))")
                sent += 1
            }
            try await Task.sleep(for: .milliseconds(15))
        }
        if members.isEmpty { members.append(try await GroupInstance(log, journal)) }
        await eventually { journal.doneCount == sent }
        for member in members { await member.leave() }
        #expect(journal.faults.isEmpty)
    }
}

extension LogBroker {
    /// Publishes one message for each of so many keys.
    func publishEachKey(_ count: Int, round: Int) async {
        for key in 0..<count { await publish(["\(key)/\(round)"], key: "key\(key)") }
    }
}

/// What all instances of an app together see.
private final class Journal: Sendable {
    private struct State {
        var last: [String: Int] = [:]
        var done: Set<Int> = []
        var faults: [String] = []
        /// Which instance works on a key.
        var busy: [String: ObjectIdentifier] = [:]
    }

    private let state = Mutex(State())

    var doneCount: Int { state.withLock { $0.done.count } }
    var faults: [String] { state.withLock { $0.faults } }

    func begin(_ key: String, _ number: Int, _ instance: ObjectIdentifier) {
        state.withLock { state in
            if state.busy[key] != nil { state.faults.append("\(key) is with two instances") }
            state.busy[key] = instance
            // A message that is new must be later than all that came before; one that comes again is older.
            if !state.done.contains(number), let last = state.last[key], number < last {
                state.faults.append("\(number) of \(key) came after \(last)")
            }
        }
    }

    func end(_ key: String, _ number: Int, isDone: Bool) {
        state.withLock { state in
            state.busy[key] = nil
            guard isDone else { return }
            state.done.insert(number)
            state.last[key] = max(state.last[key] ?? 0, number)
        }
    }

    func die(_ instance: ObjectIdentifier) {
        state.withLock { state in state.busy = state.busy.filter { $0.value != instance } }
    }
}

/// One instance of an app with its broker.
private final class GroupInstance: Sendable {
    private let log: FragileLog
    private let broker: LogBroker
    private let journal: Journal

    init(_ log: InMemoryEventLog, _ journal: Journal) async throws {
        let fragile = FragileLog(log)
        self.log = fragile
        self.journal = journal
        broker = .test(fragile)
        _ = try await broker.subscribe(.test { $0.retry.attemptsMax = 1000 }) { messages in
            let message = messages[0]
            let isDead = { fragile.state.withLock { $0.isDead } }
            guard let key = message.message.partitionKey, let number = Int(message.text) else {
                if !isDead() { journal.end("", Int(message.text) ?? 0, isDone: true) }
                return [.success]
            }
            let isAlive = fragile.state.withLock { state in
                if !state.isDead { journal.begin(key, number, ObjectIdentifier(fragile)) }
                return !state.isDead
            }
            if isAlive { try? await Task.sleep(for: .milliseconds(1)) }
            let fails = Int.random(in: 0..<5) == 0
            fragile.state.withLock { state in
                if isAlive, !state.isDead { journal.end(key, number, isDone: !fails) }
            }
            return [fails ? .retry("no") : .success]
        }
    }

    func leave() async { await broker.close() }

    func die() {
        log.die { self.journal.die(ObjectIdentifier(self.log)) }
    }
}
