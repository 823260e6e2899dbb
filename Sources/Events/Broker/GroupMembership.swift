// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Logging
import Telemetry

/// This process's part in a group: which partitions it owns, for all topics that the group is subscribed to here.
///
/// The instances of a group are the same app, so they are expected to subscribe to the same topics: while they don't,
/// messages of partitions whose owner isn't subscribed wait in the log.
actor GroupMembership {
    /// How often a member looks whether partitions are free or others have come. It costs some system calls and writes
    /// nothing.
    static let intervalDefault = Duration.milliseconds(500)

    private let group: String
    private let lockGroup: String
    private let log: any EventLog
    private let logger: Logger
    private let interval: Duration

    private var member: (any GroupMember)?
    /// Counts memberships, so that what belongs to one that has ended is told from a later one's.
    private var epoch = 0
    private var topics: [TopicConsumer] = []
    private var held: [ObjectIdentifier: Held] = [:]
    /// Counts partitions that were taken, so that a topic that has all of them is passed over at a glance.
    private var takenCount = 0
    private var owned: Set<Int> = []
    private var leaving: Set<Int> = []
    /// As it was the last time; a newcomer believes the first count.
    private var lastMemberCount = Int.max
    private var firstCandidate = 0
    private var loop: Task<Void, Never>?
    private var hasFailed = false

    private var isBalancing = false
    private var isStale = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    /// What a topic has taken, and up to which of the partitions that were taken.
    private struct Held {
        var partitions: Set<Int> = []
        var takenCount = 0
    }

    init(group: String, names: BrokerNames, log: any EventLog, logger: Logger, interval: Duration) {
        self.group = group
        self.interval = interval
        lockGroup = names.lockGroup(group)
        self.log = log
        self.logger = logger
    }

    /// Begins a topic with the partitions that are owned, and takes those that are free.
    func add(_ topic: TopicConsumer) async throws(EventLogError) {
        topics.append(topic)
        held[ObjectIdentifier(topic)] = Held()
        if member == nil {
            do throws(EventLogError) {
                let joined = try await log.join(group: lockGroup)
                begin(joined)
            } catch {
                await remove(topic)
                throw error
            }
        }
        await balance()
    }

    /// A topic has ended. With the last one the membership ends.
    func remove(_ topic: TopicConsumer) async {
        topics.removeAll { $0 === topic }
        held[ObjectIdentifier(topic)] = nil
        guard topics.isEmpty else { return }
        loop?.cancel()
        loop = nil
        await balance()
        // Another topic may have come while the balance was settled.
        guard topics.isEmpty, let member else { return }
        self.member = nil
        epoch += 1
        owned = []
        leaving = []
        member.leave()
    }

    private func begin(_ joined: any GroupMember) {
        // Another topic may have joined in the meantime; one place is enough.
        guard member == nil else { return joined.leave() }
        member = joined
        lastMemberCount = .max
        firstCandidate = Int.random(in: 0..<EventPartition.count)
    }

    private func startLoop() {
        guard loop == nil, !topics.isEmpty else { return }
        loop = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                if !Task.isCancelled { await self.balance() }
            }
        }
    }

    // MARK: - Balance

    /// Settles what this member owns; one at a time, and once more if something changed meanwhile.
    private func balance() async {
        isStale = true
        if isBalancing { return await withCheckedContinuation { waiters.append($0) } }
        isBalancing = true
        while isStale {
            isStale = false
            await settle()
        }
        isBalancing = false
        startLoop()
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    private func settle() async {
        guard let member, !topics.isEmpty else { return }
        do throws(EventLogError) {
            try shareOut(member)
            for topic in topics {
                guard let held = held[ObjectIdentifier(topic)], held.takenCount < takenCount else { continue }
                let missing = owned.subtracting(leaving).subtracting(held.partitions)
                let reached = takenCount
                if !missing.isEmpty { try await topic.take(missing) }
                self.held[ObjectIdentifier(topic)]?.partitions.formUnion(missing)
                self.held[ObjectIdentifier(topic)]?.takenCount = reached
            }
            hasFailed = false
        } catch {
            if !hasFailed { logger.emit(.subscriptionPartitionsFailed(group: group, reason: error.description)) }
            hasFailed = true
        }
    }

    private func shareOut(_ member: any GroupMember) throws(EventLogError) {
        let count = try member.memberCount()
        // Somebody who only looks in, as retention does, isn't given anything.
        let memberCount = min(count, lastMemberCount)
        lastMemberCount = count
        let share = PartitionShare(
            owned: owned.subtracting(leaving), memberCount: memberCount, first: firstCandidate)
        for partition in share.surplus {
            leaving.insert(partition)
            let epoch = epoch
            Task { await self.giveUp(partition, member, epoch) }
        }
        var missingCount = share.wanted
        for partition in share.candidates where missingCount > 0 && !leaving.contains(partition) {
            guard try member.tryAcquire(partition) else { continue }
            owned.insert(partition)
            takenCount += 1
            missingCount -= 1
        }
    }

    private func giveUp(_ partition: Int, _ member: any GroupMember, _ epoch: Int) async {
        for topic in topics where held[ObjectIdentifier(topic)]?.partitions.contains(partition) == true {
            await topic.giveUp(partition)
            held[ObjectIdentifier(topic)]?.partitions.remove(partition)
        }
        guard epoch == self.epoch else { return }
        owned.remove(partition)
        leaving.remove(partition)
        member.release(partition)
    }
}
