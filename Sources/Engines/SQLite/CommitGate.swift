// SPDX-License-Identifier: Apache-2.0

/// Decides for how many writes the next commit waits.
///
/// A flush of this kind of device takes about 0.1 ms, less than a client's next request needs to arrive, so a writer
/// that commits whatever is there commits few writes at a time. The gate assumes that whoever was just answered writes
/// again:
///
/// 1. A commit of n writes ends while m more wait. Then about n + m clients are writing.
/// 2. The next commit waits until most of them (7/8: the rest may have gone) have their next write in the queue,
/// 3. but not longer than `waitNanosecondsMax` after the end of the commit before. Whoever has not come by then doesn't
///    write in a loop. A write that comes later than that is committed at once.
///
/// One client makes n + m = 1 and never waits. When a wait runs out, the commit has fewer writes and the next estimate
/// is lower by itself. It has no clock and does no I/O.
struct CommitGate {
    /// A request takes the sidecar about 30 µs of CPU, so that in 1 ms some 30 writes can come together, and a flush of
    /// 0.1 ms costs each of them 3 µs. Waiting longer would save less than that and be felt in the latency.
    static let waitNanosecondsMax: Int64 = 1_000_000

    /// How many writes the next commit waits for; 1 means that it doesn't wait.
    private(set) var target = 1

    /// Tells of a commit that ended: it had `count` writes, and `waiting` others are queued.
    mutating func committed(count: Int, waiting: Int) {
        target = max(1, (count + waiting) * 7 / 8)
    }
}
