// SPDX-License-Identifier: Apache-2.0

import Proxying
import Testing

@testable import Ambassador

/// What loops count is summed field by field, by hand; a field that is forgotten there would always show zero.
@Suite struct CounterSumTests {
    @Test func `every number that a loop counts is in the sum of all loops`() {
        expectWholeSum(ShardCounters()) { $0 += $1 }
        expectWholeSum(ClientCounters()) { $0 += $1 }
        expectWholeSum(HTTPClientCounters()) { $0 += $1 }
        expectWholeSum(MirrorCounters()) { $0 += $1 }
        expectWholeSum(EndpointCounters()) { $0 += $1 }
        expectWholeSum(CircuitBreaker.Refusals()) { $0 += $1 }
    }

    /// All of these are made of integers of eight bytes.
    private func expectWholeSum<Counters>(_ zero: Counters, _ add: (inout Counters, Counters) -> Void) {
        var ones = zero
        withUnsafeMutableBytes(of: &ones) { $0.bindMemory(to: UInt64.self).update(repeating: 1) }
        var sum = ones
        add(&sum, ones)
        let numbers = withUnsafeBytes(of: &sum) { Array($0.bindMemory(to: UInt64.self)) }
        #expect(numbers == Array(repeating: 2, count: numbers.count), "\(Counters.self)")
    }
}
