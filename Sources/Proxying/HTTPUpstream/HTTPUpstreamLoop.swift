// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// What all upstreams share on one event loop: the buffers of their connections, and the time of their exchanges.
final class HTTPUpstreamLoop {
    // Safe: each thread has a value of its own, which is used by the event loop that runs on it.
    private nonisolated(unsafe) static let ofThread = ThreadSpecificVariable<HTTPUpstreamLoop>()

    let relay: RelayLoop
    private let deadlines: LoopDeadlines
    private var waiting: [ObjectIdentifier: HTTPUpstreamExchange] = [:]

    private init(_ eventLoop: EpollEventLoop) {
        relay = RelayLoop(eventLoop)
        deadlines = LoopDeadlines(eventLoop)
        deadlines.look = { [unowned self] in expire(now: $0) }
    }

    /// That of the event loop on which this is called.
    static func current(_ eventLoop: EpollEventLoop) -> HTTPUpstreamLoop {
        if let current = ofThread.currentValue, current.relay.eventLoop === eventLoop { return current }
        let made = HTTPUpstreamLoop(eventLoop)
        ofThread.currentValue = made
        return made
    }

    /// Has an exchange end at its deadline, if it hasn't before.
    func expect(_ exchange: HTTPUpstreamExchange) {
        waiting[ObjectIdentifier(exchange)] = exchange
        deadlines.note(exchange.deadline)
    }

    func forget(_ exchange: HTTPUpstreamExchange) { waiting[ObjectIdentifier(exchange)] = nil }

    private func expire(now: Int64) -> Int64 {
        for exchange in Array(waiting.values) where exchange.deadline <= now { exchange.expire() }
        return waiting.values.reduce(.max) { min($0, $1.deadline) }
    }
}
