// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a tick's end has something to do for: a connection with bytes to write.
class TickTarget {
    fileprivate var isMarked = false

    /// Writes what has gathered since the last tick.
    func flush() {}
}

/// Gathers writes until the event loop has read from every socket that was ready.
///
/// All commands that were read in one tick, of whichever client, then go to a server in one write, and all replies to
/// one client too: system calls are most of what a proxy costs. A write for each read took twice the time of
/// nutcracker's per command at pipelines of 32, one for each tick a third.
final class LoopTick {
    private let eventLoop: any EventLoop
    // Safe: a tick belongs to one thread, and marking calls nothing that could mark.
    @exclusivity(unchecked) private var marked: [TickTarget] = []
    private var flushing: [TickTarget] = []
    private var isScheduled = false
    private var clock: NIODeadline?

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// The time at which this tick first asked: fine enough to measure commands by, and one look at the clock for all.
    var now: NIODeadline {
        if let clock { return clock }
        let now = NIODeadline.now()
        clock = now
        schedule()
        return now
    }

    /// Has `target` flushed at the end of this tick.
    @inline(__always)
    func mark(_ target: TickTarget) {
        guard !target.isMarked else { return }
        target.isMarked = true
        marked.append(target)
        schedule()
    }

    private func schedule() {
        guard !isScheduled else { return }
        isScheduled = true
        eventLoop.assumeIsolated().execute { self.end() }
    }

    private func end() {
        isScheduled = false
        clock = nil
        // What a flush marks (a client that is closed by a failed write, say) belongs to the next tick.
        swap(&marked, &flushing)
        for target in flushing {
            target.isMarked = false
            target.flush()
        }
        flushing.removeAll(keepingCapacity: true)
    }
}
