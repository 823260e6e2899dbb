// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A count that several loops change.
final class SharedCount: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ change: Int) { count.add(change, ordering: .relaxed) }

    /// Counts on, from 1.
    func next() -> UInt64 { UInt64(count.add(1, ordering: .relaxed).newValue) }
}
