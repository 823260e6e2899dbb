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
    private var slots = ContiguousArray(repeating: Slot(), count: slotCount)
    private var current = 0
    private var currentEnds: Int64
    /// Of all slots.
    private var sum = Slot()

    init(_ rules: RetryBudgetConfiguration, now: Int64 = 0) {
        self.rules = rules
        currentEnds = now + Self.slotLength
    }

    var share: Int { rules.share }

    mutating func requestBegan(_ now: Int64) {
        if now >= currentEnds { advance(now) }
        slots[current].requests += 1
        sum.requests += 1
    }

    /// Takes a retry into account; false if there have been enough.
    mutating func takeRetry(_ now: Int64) -> Bool {
        if now >= currentEnds { advance(now) }
        guard sum.retries < sum.requests * rules.share / 100 + rules.minimum * Self.slotCount else { return false }
        slots[current].retries += 1
        sum.retries += 1
        return true
    }

    /// Forgets the slots that are too old.
    private mutating func advance(_ now: Int64) {
        let steps = (now - currentEnds) / Self.slotLength + 1
        for _ in 0..<min(steps, Int64(Self.slotCount)) {
            current = current + 1 == Self.slotCount ? 0 : current + 1
            sum.requests -= slots[current].requests
            sum.retries -= slots[current].retries
            slots[current] = Slot()
        }
        currentEnds += steps * Self.slotLength
    }
}
