// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import NIOCore
import Testing

@testable import LogBroker

/// Random lives of a subscription: messages, outcomes, saves, partitions that come and go, and sudden ends.
@Suite(.serialized) struct QueueSimulationTests {
    @Test("Nothing is lost, keys keep their order, and only what wasn't saved comes again", arguments: 1...16)
    func simulate(_ seed: Int) {
        var life = SimulatedLife(seed: UInt64(seed))
        for _ in 0..<600 { life.step() }
        life.finish()
        #expect(life.faults.isEmpty, "seed \(seed): \(life.faults.prefix(3))")
        #expect(life.done.count == life.driver.stored.count, "seed \(seed)")
        #expect(life.driver.queue.lag.isNothing)
        #expect(life.driver.queue.bodyCount == 0 && life.driver.queue.bodyBytes == 0)
    }
}

private struct SimulatedLife {
    var driver: QueueDriver
    var random: SplitMix
    var faults: [String] = []
    /// Done, as far as the app knows.
    var done: Set<Int64> = []
    private var inFlight: [[Int64]] = []
    private var rows: [Int: Checkpoint] = [:]
    /// Done when the rows were saved: they must never come again.
    private var doneInRows: Set<Int64> = []
    private var nextPosition: Int64 = 1
    private let concurrency: Int
    private let limits = QueueDriver.limits {
        $0.bodiesMax = 24
        $0.inFlightMax = 10
        $0.pendingMax = 8
        $0.laneBodiesMax = 3
        $0.unkeyedWaitingMax = 5
        $0.read = EventReadLimit(count: 7, bytes: 4096)
        $0.readyMax = 4
        $0.aheadMax = 30
    }

    init(seed: UInt64) {
        random = SplitMix(state: seed)
        concurrency = seed % 3 == 0 ? 3 : 1
        driver = QueueDriver([])
        restart()
    }

    mutating func step() {
        switch random.next(below: 100) {
        case 0..<25: append()
        case 25..<55: deliver()
        case 55..<85: answer(successPercent: 60)
        case 85..<90: driver.pass(.milliseconds(Int(random.next(below: 2000))))
        case 90..<96: save()
        case 96..<99: movePartition()
        default: restart()
        }
    }

    /// Takes everything back and lets the app succeed from now on.
    mutating func finish() {
        for partition in 0..<EventPartition.count where driver.queue.partitions[partition] == nil { take(partition) }
        for _ in 0..<5000 where !(inFlight.isEmpty && driver.queue.lag.isNothing) {
            deliver()
            while !inFlight.isEmpty { answer(successPercent: 100) }
            driver.pass(.seconds(60))
        }
        save()
    }

    private mutating func append() {
        let keys = ["a", "b", "c", "d", "e", "f", nil, nil]
        driver.append(keys[Int(random.next(below: 8))], nextPosition)
        // Events of other streams lie between.
        nextPosition += 1 + Int64(random.next(below: 3))
    }

    private mutating func deliver() {
        driver.read()
        while let batch = driver.takeBatch() {
            for position in batch {
                if doneInRows.contains(position) { faults.append("\(position) came again after it was saved") }
                checkOrder(position)
            }
            inFlight.append(batch)
        }
    }

    private mutating func checkOrder(_ position: Int64) {
        guard let key = key(position) else { return }
        let earlier = driver.stored.filter { $0.event.key == key && $0.position < position }.map(\.position)
        if !done.isSuperset(of: earlier) { faults.append("\(position) came before \(key)'s earlier ones") }
        if inFlight.joined().contains(where: { self.key($0) == key }) { faults.append("two of \(key) at once") }
    }

    private func key(_ position: Int64) -> String? {
        driver.stored.first { $0.position == position }?.event.key
    }

    private mutating func answer(successPercent: UInt64) {
        guard !inFlight.isEmpty else { return }
        let batch = inFlight.remove(at: Int(random.next(below: UInt64(inFlight.count))))
        if random.next(below: 100) >= successPercent + (100 - successPercent) / 2 {
            return driver.finish(batch, batch.map { _ in .unreached("nobody listens") })
        }
        let outcomes = batch.map { position -> DeliveryOutcome in
            guard random.next(below: 100) < successPercent else { return .retry("no") }
            done.insert(position)
            return .success
        }
        driver.finish(batch, outcomes)
    }

    private mutating func save() {
        for row in driver.queue.takeUnsaved() { keep(row) }
    }

    private mutating func keep(_ row: Checkpoint) {
        rows[row.partition] = row
        let owed = Set(row.owed.map(\.position))
        for event in driver.stored where event.position <= row.position && !owed.contains(event.position) {
            let partition = PartitionHash.partition(of: event.event.key ?? "t")
            guard partition == row.partition else { continue }
            if !done.contains(event.position) { faults.append("\(event.position) was saved as done and isn't") }
            doneInRows.insert(event.position)
        }
    }

    /// Gives a partition up in good order, or takes one.
    private mutating func movePartition() {
        let partition = PartitionHash.partition(of: ["a", "b", "c", "d", "e", "f", "t"][Int(random.next(below: 7))])
        guard driver.queue.partitions[partition] != nil else { return take(partition) }
        driver.queue.giveUp(partition)
        while driver.queue.isBusy(partition) { answer(successPercent: 60) }
        for row in driver.queue.takeUnsaved(all: true) { keep(row) }
        driver.queue.release(partition)
    }

    private mutating func take(_ partition: Int) {
        driver.queue.take(
            partition, at: rows[partition] ?? Checkpoint(stream: "topic/p/t", partition: partition, position: 0))
    }

    /// A sudden end, and a new process at the saved checkpoints.
    private mutating func restart() {
        let stored = driver.stored
        let now = driver.now
        driver = QueueDriver([], owning: [], limits: limits) {
            $0.concurrency = concurrency
            $0.batchMessagesMax = random.next(below: 2) == 0 ? 1 : 4
            $0.retry.attemptsMax = .max
        }
        driver.stored = stored
        driver.now = now
        inFlight = []
        // What was done and not saved may come again.
        done.formIntersection(doneInRows)
        for partition in 0..<EventPartition.count { take(partition) }
    }
}

extension QueueDriver {
    /// The next call to the app, as positions.
    fileprivate mutating func takeBatch() -> [Int64]? {
        let before = batchCount
        let positions = deliverAll(max: 1)
        return batchCount == before ? nil : positions
    }
}

/// A small generator with a seed, so that a failure can be repeated.
struct SplitMix {
    var state: UInt64

    mutating func next(below bound: UInt64) -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return (value ^ (value >> 31)) % bound
    }
}
