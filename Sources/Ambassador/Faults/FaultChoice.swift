// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import Proxying
import Synchronization

/// Chooses which of the requests that a fault may hit it hits, for all event loops together.
///
/// What it chooses depends on nothing but the request's number and the seed, so that a test which asks the same again
/// sees the same again.
final class FaultChoice: Sendable {
    private let selection: FaultSelection
    private let seen = Atomic<Int>(0)
    private let hit = Atomic<Int>(0)

    init(_ selection: FaultSelection) { self.selection = selection }

    /// How many have been hit.
    var hits: Int { hit.load(ordering: .relaxed) }

    /// Looks at the next one that may be hit; random numbers of its own if it is hit.
    func next() -> SmallGenerator? {
        let number = seen.add(1, ordering: .relaxed).newValue
        guard selection.first == 0 || number <= selection.first, number.isMultiple(of: selection.every) else {
            return nil
        }
        var random = SmallGenerator(seed: UInt64(bitPattern: Int64(selection.seed)))
        // Safe: numbers that only have to differ from each other may wrap.
        random = SmallGenerator(seed: random.next() &+ UInt64(bitPattern: Int64(number)) &* 0xD605_BBB5_8C8A_BBD5)
        guard selection.percent.includes(random.next()) else { return nil }
        hit.add(1, ordering: .relaxed)
        return random
    }
}

/// How long a fault holds something up: so long, and a random part of the jitter.
struct FaultDelay: Sendable, Equatable {
    private let nanoseconds: Int64
    private let jitter: Int64

    init(_ delay: Duration, jitter: Duration) {
        nanoseconds = TimeAmount(delay).nanoseconds
        self.jitter = TimeAmount(jitter).nanoseconds
    }

    func next(_ random: inout SmallGenerator) -> Int64 {
        guard jitter > 0 else { return nanoseconds }
        return nanoseconds + Int64(random.next() % UInt64(jitter + 1))
    }
}
