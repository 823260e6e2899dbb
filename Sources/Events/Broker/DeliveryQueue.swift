// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import NIOCore

/// Which message of a topic a group gets next: the state machine of a subscription, without clocks and I/O.
///
/// Messages of one key form a lane: its head alone is delivered, and a head that failed holds back its lane and nothing
/// else. Messages without a key wait in one line; one that failed leaves the line and is tried again beside it.
///
/// One read serves all partitions. Each remembers how far it has taken the topic in (`ingested`), and reading goes on
/// at the lowest of these. So a partition that is taken over or had to stop simply gets behind, and what the others
/// have already is passed over.
struct DeliveryQueue {
    struct Limits: Sendable {
        /// Messages that are with the app.
        var inFlightMax = 256
        /// Messages in memory, and the bytes of their data and metadata, at which reading stops.
        var bodiesMax = 512
        var bytesMax = 16 << 20
        /// Messages of one key in memory; what comes after them is read again when it is due.
        var laneBodiesMax = 32
        /// Messages without a key in memory before they are first delivered.
        var unkeyedWaitingMax = 256
        /// Messages of one partition that aren't done, with the app or owed; a checkpoint lists them.
        var pendingMax = 512
        /// How many messages other partitions may be ahead of one that has reached a limit.
        var aheadMax: Int64 = 10_000
        /// Messages that are read again before they are due for delivery.
        var readyMax = 64
        var read = EventReadLimit(count: 256, bytes: 4 << 20)
        /// The longest wait after the app couldn't be reached; the first ones are those of a retry.
        var outageWaitMax = Duration.seconds(1)

        /// A partition that had to stop goes on when it has this many pending, or fewer.
        var pendingResume: Int { pendingMax * 3 / 4 }
        var unkeyedResume: Int { unkeyedWaitingMax / 2 }
    }

    /// A partition that this member owns.
    struct Partition {
        /// Messages up to here are in the queue or done.
        var ingested: Int64
        /// The revision of the last message that was seen; nil until then.
        var revision: Int64?
        /// The highest position that is done or has failed.
        var settledThrough: Int64
        var pending = SortedPositions()
        /// Restored messages whose key isn't known; until it is, nothing that comes later may be delivered.
        var unknownCount = 0
        /// Messages that are with the app or being buried.
        var busyCount = 0
        /// A limit is reached; nothing more is taken in.
        var isFull = false
        var isLeaving = false
        /// The position that was saved last.
        var saved: Int64
        /// Something has become of a message since then.
        var isDirty = false

        var takesMore: Bool { !isFull && !isLeaving && unknownCount == 0 }
    }

    /// The messages of one key, the head apart, because most lanes have no more.
    struct Lane {
        var head: Int64
        var others: [Int64] = []
    }

    let request: BrokerSubscriptionRequest
    let stream: String
    let limits: Limits
    /// The partition of messages without a key.
    let unkeyedPartition: Int

    var partitions: [Partition?] = Array(repeating: nil, count: EventPartition.count)
    var entries: [Int64: PendingMessage] = [:]
    var lanes: [String: Lane] = [:]
    /// Messages without a key that weren't tried yet.
    var unkeyed: CircularBuffer<Int64> = []
    /// Heads of lanes, and messages without a key that are tried again.
    var ready: CircularBuffer<Int64> = []
    var retries: [Retry] = []
    /// Messages to be read again.
    var loads = SortedPositions()

    var bodyCount = 0
    var bodyBytes = 0
    var inFlightCount = 0
    /// Calls with messages that come in order without a key.
    var unkeyedCalls = 0
    var isPaused = false
    var isEnding = false

    /// Nothing was behind the last read.
    var isAtEnd = false
    /// An append was noticed since the last read began.
    var wasNoticed = false
    /// Reading waits until half of the memory is free again.
    var isMemoryFull = false
    var lastRevision: Int64?
    var lastPublishedAtMilliseconds: Int64 = 0
    var readSinceSweep = 0
    /// The app couldn't be reached: there is no call before this time, and then one alone until one gets through.
    var outageEnd: MonotonicInstant?
    /// How often the app was called in vain; calls at once count as one.
    var outageCalls = 0
    /// When the first message came that waits for others of its batch.
    var batchSince: MonotonicInstant?

    /// What the owner of the queue has to do; it takes and empties these.
    var burials: [Burial] = []
    var tally = DeliveryTally()

    struct Retry {
        var due: MonotonicInstant
        var position: Int64
    }

    init(_ request: BrokerSubscriptionRequest, stream: String, limits: Limits = Limits()) {
        self.request = request
        self.stream = stream
        self.limits = limits
        unkeyedPartition = PartitionHash.partition(of: request.topic)
    }

    // MARK: - Partitions

    /// Takes a partition over at its checkpoint.
    mutating func take(_ partition: Int, at checkpoint: Checkpoint) {
        guard partitions[partition] == nil else { return }
        var state = Partition(
            ingested: checkpoint.position, settledThrough: checkpoint.position, saved: checkpoint.position)
        for owed in checkpoint.owed {
            entries[owed.position] = PendingMessage(
                position: owed.position, partition: partition, attempts: owed.attempts, phase: .unknown)
            state.pending.insert(owed.position)
            state.unknownCount += 1
            loads.insert(owed.position)
        }
        partitions[partition] = state
        isAtEnd = false
    }

    /// Begins nothing new in a partition; what is with the app may end.
    mutating func giveUp(_ partition: Int) {
        guard partitions[partition] != nil else { return }
        partitions[partition]?.isLeaving = true
        let entries = entries
        let isOthers = { (position: Int64) in entries[position].map { $0.partition != partition } ?? false }
        ready = CircularBuffer(ready.filter(isOthers))
        unkeyed = CircularBuffer(unkeyed.filter(isOthers))
        retries.removeAll { !isOthers($0.position) }
        loads.removeAll { !isOthers($0) }
    }

    func isBusy(_ partition: Int) -> Bool { (partitions[partition]?.busyCount ?? 0) > 0 }

    /// Whether anything is with the app or being buried.
    var isBusy: Bool { partitions.contains { ($0?.busyCount ?? 0) > 0 } }

    /// Forgets a partition that was given up and isn't busy.
    mutating func release(_ partition: Int) {
        guard let state = partitions[partition] else { return }
        for position in state.pending.positions {
            guard let entry = entries.removeValue(forKey: position) else { continue }
            forgetBody(of: entry)
            if let key = entry.key { lanes[key] = nil }
        }
        partitions[partition] = nil
    }

    var owned: [Int] { partitions.indices.filter { partitions[$0] != nil } }

    // MARK: - Entries

    /// Puts a message whose key is known into its lane or line.
    mutating func admit(_ message: consuming PendingMessage) {
        let position = message.position
        guard let key = message.key else { return admitUnkeyed(message) }
        if var lane = lanes[key] {
            let isHeldBack = entries[lane.head].map { $0.phase == .retrying || $0.phase == .burying } ?? false
            if isHeldBack || lane.others.count + 1 >= limits.laneBodiesMax { message.body = nil }
            message.phase = .waiting
            lane.others.append(position)
            lanes[key] = lane
            store(message)
        } else {
            lanes[key] = Lane(head: position)
            store(message)
            activate(position)
        }
    }

    private mutating func admitUnkeyed(_ message: consuming PendingMessage) {
        let position = message.position
        let isRetry = message.attempts > 0
        message.phase = .waiting
        store(message)
        if isRetry { activate(position) } else { unkeyed.append(position) }
    }

    private mutating func store(_ message: PendingMessage) {
        if let body = message.body { countBody(body, 1) }
        entries[message.position] = message
    }

    /// Lets a message be delivered, after it has been read again if need be.
    mutating func activate(_ position: Int64) {
        guard let entry = entries[position], partitions[entry.partition]?.isLeaving == false else { return }
        if entry.body != nil {
            entries[position]?.phase = .ready
            ready.append(position)
        } else {
            entries[position]?.phase = .loading
            loads.insert(position)
        }
    }

    /// A message is done with.
    mutating func remove(_ position: Int64) {
        guard let entry = entries.removeValue(forKey: position) else { return }
        forgetBody(of: entry)
        if let key = entry.key { leaveLane(key, position) }
        guard var state = partitions[entry.partition] else { return }
        partitions[entry.partition] = nil
        state.pending.remove(position)
        state.settledThrough = max(state.settledThrough, position)
        state.isDirty = true
        partitions[entry.partition] = state
        resumeIfPossible(entry.partition)
    }

    private mutating func leaveLane(_ key: String, _ position: Int64) {
        guard var lane = lanes[key] else { return }
        guard lane.head == position else {
            lane.others.removeAll { $0 == position }
            return lanes[key] = lane
        }
        guard !lane.others.isEmpty else { return lanes[key] = nil }
        lane.head = lane.others.removeFirst()
        lanes[key] = lane
        let next = lane.head
        if entries[next]?.body == nil { loadAhead(lane) }
        activate(next)
    }

    /// What follows in a lane is read together with its head, because the log gives neighbours in one read.
    private mutating func loadAhead(_ lane: Lane) {
        guard let entry = entries[lane.head], partitions[entry.partition]?.isLeaving == false else { return }
        for position in lane.others.prefix(limits.laneBodiesMax - 1) where entries[position]?.body == nil {
            loads.insert(position)
        }
    }

    /// Gives back the memory of a message, and of what waits behind it.
    mutating func dropBodies(behind entry: PendingMessage) {
        dropBody(entry.position)
        guard let key = entry.key, let lane = lanes[key] else { return }
        for position in lane.others { dropBody(position) }
    }

    private mutating func dropBody(_ position: Int64) {
        guard let entry = entries[position] else { return }
        forgetBody(of: entry)
        entries[position]?.body = nil
    }

    mutating func resumeIfPossible(_ partition: Int) {
        guard let state = partitions[partition], state.isFull else { return }
        guard state.pending.count <= limits.pendingResume else { return }
        guard partition != unkeyedPartition || unkeyed.count <= limits.unkeyedResume else { return }
        partitions[partition]?.isFull = false
        isAtEnd = false
    }

    mutating func countBody(_ body: StoredEvent, _ sign: Int) {
        bodyCount += sign
        bodyBytes += sign * (body.event.data.readableBytes + body.event.metadata.readableBytes)
    }

    private mutating func forgetBody(of entry: PendingMessage) {
        if let body = entry.body { countBody(body, -1) }
    }
}
