// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Ambassador

@Suite struct MirrorPaceTests {
    private typealias Pace = MirrorPace<Int>

    private func pace(_ count: Int, at now: Int64 = 0) -> Pace {
        var pace = Pace()
        for copy in 0..<count { _ = pace.add(copy, at: now) }
        return pace
    }

    @Test func `copies wait while somebody waits for a response, but not for ever`() {
        let pace = pace(1, at: 10)
        #expect(pace.dueCount(at: 11, isBusy: false) == 1)
        #expect(pace.dueCount(at: 10 + Pace.waitMax - 1, isBusy: true) == 0)
        #expect(pace.dueCount(at: 10 + Pace.waitMax, isBusy: true) == 1)
    }

    @Test func `one looks after all copies that wait, also after those that come while he looks`() {
        var pace = Pace()
        #expect((1...2).map { pace.add($0, at: 0) } == [true, false])
        // Looking.
        while pace.next() != nil {}
        let isNew = pace.add(3, at: 0)
        #expect(!isNew && pace.looked())
        _ = pace.next()
        #expect(!pace.looked() && pace.add(4, at: 0))
    }

    @Test("A few copies go at a time, and more of many", arguments: [(0, 0), (1, 1), (4, 4), (10, 4), (80, 10)])
    func slices(gathered: Int, due: Int) {
        #expect(pace(gathered).dueCount(at: 1, isBusy: false) == due)
    }

    @Test func `the first to come is the first to go`() {
        var pace = pace(2)
        #expect(pace.next() == 0 && !pace.isEmpty)
        #expect(pace.next() == 1 && pace.isEmpty)
        #expect(pace.next() == nil)
    }
}
