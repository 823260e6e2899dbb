// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Holds copies back until they are in nobody's way, and lets them go a few at a time. It knows neither sockets nor
/// clocks.
///
/// A copy takes about as much of the event loop's time as a request. Sent with the response that it follows, the copies
/// of a burst came between its other responses, and the slowest of those waited half as long again.
struct MirrorPace<Copy> {
    /// Between two looks whether copies can go, in nanoseconds.
    static var pause: Int64 { 200_000 }
    /// After so long a copy goes, whatever else there is to do.
    static var waitMax: Int64 { 5_000_000 }
    /// Of what has gathered so much goes at once, and more when there is more, so that it doesn't grow for ever.
    private static var sliceMin: Int { 4 }
    private static var slicesInAll: Int { 8 }

    private var waiting = CircularBuffer<(copy: Copy, since: Int64)>()
    /// Somebody is looking, or will.
    private var isWatched = false

    var isEmpty: Bool { waiting.isEmpty }

    /// Takes a copy.
    ///
    /// - Returns: Whether the caller must look after a pause, as nobody else will.
    mutating func add(_ copy: Copy, at now: Int64) -> Bool {
        waiting.append((copy, now))
        defer { isWatched = true }
        return !isWatched
    }

    /// Whoever had to look has done so.
    ///
    /// - Returns: Whether he must look again after a pause.
    mutating func looked() -> Bool {
        isWatched = !waiting.isEmpty
        return isWatched
    }

    /// How many copies may go now.
    ///
    /// - Parameter isBusy: whether somebody waits for a response.
    func dueCount(at now: Int64, isBusy: Bool) -> Int {
        guard let first = waiting.first, !isBusy || now - first.since >= Self.waitMax else { return 0 }
        return min(waiting.count, max(Self.sliceMin, waiting.count / Self.slicesInAll))
    }

    mutating func next() -> Copy? { waiting.popFirst()?.copy }
}
