// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Finds the clients whose time is over.
///
/// A timer for each request would cost an allocation and a place in a heap twice per request. A deadline here is one
/// number in the client; all are looked at together when the first of them may be over, but seldom.
final class HTTPProxyDeadlines {
    /// Two looks are at least so far apart: how late a deadline may be noticed.
    private static let pauseMin: Int64 = 20_000_000
    /// And at most, so that one that was moved nearer is never far behind.
    private static let pauseMax: Int64 = 1_000_000_000

    private let eventLoop: any EventLoop
    /// All clients that are there.
    var clients: () -> [HTTPProxyClient] = { [] }
    @exclusivity(unchecked) private var next = Int64.max
    private var scheduled: Scheduled<Void>?

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// A client has this deadline now.
    @inline(__always)
    func note(_ deadline: Int64) {
        if deadline < next { schedule(deadline) }
    }

    private func schedule(_ deadline: Int64) {
        let now = Int64(bitPattern: NIODeadline.now().uptimeNanoseconds)
        let time = min(max(deadline, now + Self.pauseMin), now + Self.pauseMax)
        guard time < next else { return }
        scheduled?.cancel()
        next = time
        scheduled = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(time - now)) { self.look() }
    }

    private func look() {
        next = .max
        scheduled = nil
        let now = Int64(bitPattern: NIODeadline.now().uptimeNanoseconds)
        var earliest = Int64.max
        for client in clients() {
            if client.deadline <= now { client.expired() }
            earliest = min(earliest, client.deadline)
        }
        if earliest < .max { schedule(earliest) }
    }
}
