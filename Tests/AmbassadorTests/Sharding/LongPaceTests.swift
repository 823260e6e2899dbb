// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import Ambassador

struct LongPaceTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    /// What takes a 256th of a second.
    private static let bytes = LongPace.bytesPerSecond / 256
    private static let time: Int64 = 1_000_000_000 / 256

    @Test func `a loop that nobody else uses has no pauses`() {
        var pace = LongPace()
        _ = pace.pause(after: Self.bytes, commands: 7, now: Self.start)
        for _ in 0..<100 { #expect(pace.pause(after: Self.bytes, commands: 7, now: Self.start) == nil) }
    }

    @Test func `commands of others make it pause, and all long values share the time`() {
        var pace = LongPace()
        for number in 1...3 {
            let until = pace.pause(after: Self.bytes, commands: UInt64(number), now: Self.start)
            #expect(until == Self.start + .nanoseconds(Self.time * Int64(number)))
        }
        let later = Self.start + .seconds(1)
        #expect(pace.pause(after: Self.bytes, commands: 9, now: later) == later + .nanoseconds(Self.time))
    }
}
