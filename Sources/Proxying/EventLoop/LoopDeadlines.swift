// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Finds those on an event loop whose time is over.
///
/// A timer for each request would cost an allocation and a place in a heap twice per request. A deadline here is one
/// number in whoever waits; all are looked at together when the first of them may be over, but seldom.
package final class LoopDeadlines {
    /// Two looks are at least so far apart: how late a deadline may be noticed.
    private static let pauseMin: Int64 = 20_000_000
    /// And at most, so that one that was moved nearer is never far behind.
    private static let pauseMax: Int64 = 1_000_000_000

    private let eventLoop: any EventLoop
    /// Tells all whose deadline isn't later than the given time, and returns the earliest of the others.
    package var look: (_ now: Int64) -> Int64 = { _ in .max }
    @usableFromInline @exclusivity(unchecked) var next = Int64.max
    private var scheduled: Scheduled<Void>?

    package init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Somebody has this deadline now, in nanoseconds of `NIODeadline`; `.max` is none.
    @inlinable
    package func note(_ deadline: Int64) {
        if deadline < next { schedule(deadline) }
    }

    @usableFromInline
    func schedule(_ deadline: Int64) {
        let now = Int64(bitPattern: NIODeadline.now().uptimeNanoseconds)
        let time = min(max(deadline, now + Self.pauseMin), now + Self.pauseMax)
        guard time < next else { return }
        scheduled?.cancel()
        next = time
        scheduled = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(time - now)) { self.lookNow() }
    }

    private func lookNow() {
        next = .max
        scheduled = nil
        let earliest = look(Int64(bitPattern: NIODeadline.now().uptimeNanoseconds))
        if earliest < .max { schedule(earliest) }
    }
}
