// SPDX-License-Identifier: Apache-2.0

/// A queue in one piece of memory, which grows to the most that it ever held.
struct FIFO<Element> {
    private var slots: [Element]
    private var head = 0
    private(set) var count = 0
    private let filler: Element

    /// `filler` is what free slots hold.
    init(filler: Element) {
        self.filler = filler
        slots = [Element](repeating: filler, count: 64)
    }

    var isEmpty: Bool { count == 0 }

    var first: Element? { count > 0 ? slots[head] : nil }

    mutating func append(_ element: Element) {
        if count == slots.count { grow() }
        slots[(head + count) & (slots.count - 1)] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = slots[head]
        head = (head + 1) & (slots.count - 1)
        count -= 1
        return element
    }

    private mutating func grow() {
        let ordered = (0..<count).map { slots[(head + $0) & (slots.count - 1)] }
        slots = ordered + [Element](repeating: filler, count: count)
        head = 0
    }
}
