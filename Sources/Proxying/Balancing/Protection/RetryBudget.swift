// SPDX-License-Identifier: Apache-2.0

/// How many retries there may be: a part of the requests of the last ten seconds, and a few in each second besides.
///
/// So retries add a bounded load to servers that fail, however many requests fail.
struct RetryBudget: Sendable {
    /// The window, in slots of a second.
    static let slotCount = 10
    private static let slotLength: Int64 = 1_000_000_000

    private struct Slot {
        var requests = 0
        var retries = 0
    }

    var rules: RetryBudgetConfiguration
    /// The second that is passing; its place in `slots` is written when it is over.
    private var current = Slot()
    private var currentEnds: Int64
    private var slots = ContiguousArray(repeating: Slot(), count: slotCount)
    private var index = 0
    /// Of all slots and the current one.
    private var sum = Slot()

    init(_ rules: RetryBudgetConfiguration, now: Int64 = 0) {
        self.rules = rules
        currentEnds = now + Self.slotLength
    }

    mutating func requestBegan(_ now: Int64) {
        if now >= currentEnds { advance(now) }
        current.requests += 1
        sum.requests += 1
    }

    /// Takes a retry into account; false if there have been enough.
    mutating func takeRetry(_ now: Int64) -> Bool {
        if now >= currentEnds { advance(now) }
        guard sum.retries < sum.requests * rules.share / 100 + rules.minimum * Self.slotCount else { return false }
        current.retries += 1
        sum.retries += 1
        return true
    }

    /// Forgets the slots that are too old.
    private mutating func advance(_ now: Int64) {
        let steps = (now - currentEnds) / Self.slotLength + 1
        slots[index] = current
        current = Slot()
        for _ in 0..<min(steps, Int64(Self.slotCount)) {
            index = index + 1 == Self.slotCount ? 0 : index + 1
            sum.requests -= slots[index].requests
            sum.retries -= slots[index].retries
            slots[index] = Slot()
        }
        currentEnds += steps * Self.slotLength
    }
}
