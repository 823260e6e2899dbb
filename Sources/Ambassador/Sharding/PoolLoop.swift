// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Proxying

/// What one event loop knows of one pool, whatever its servers speak. Everything in it belongs to the loop's thread.
final class PoolLoop {
    let name: String
    let eventLoop: EpollEventLoop
    let tick: LoopTick
    let outputs = OutputBuffers()
    let logger: Logger
    var limits: PoolLimits {
        didSet {
            slowNanoseconds = Self.nanoseconds(limits.slow)
            for client in open.values { client.limitsChanged() }
            watchIdle()
        }
    }
    /// Commands that take longer are noted.
    private(set) var slowNanoseconds: Int64
    // Safe: plain numbers of one loop's thread.
    @exclusivity(unchecked) var clients = ClientCounters()
    @exclusivity(unchecked) var hotKeys = HotKeys()
    @exclusivity(unchecked) var latency = LatencyHistogram()

    private(set) var slowLog = SlowLog()
    private var pace = LongPace()
    private var open: [ObjectIdentifier: ShardClient] = [:]
    private let deadlines: LoopDeadlines

    /// The name of a command by its number.
    private let commandName: (UInt16) -> String

    init(
        name: String, eventLoop: EpollEventLoop, limits: PoolLimits, logger: Logger,
        commandName: @escaping (UInt16) -> String
    ) {
        self.commandName = commandName
        self.name = name
        self.eventLoop = eventLoop
        self.limits = limits
        slowNanoseconds = Self.nanoseconds(limits.slow)
        self.logger = logger
        tick = LoopTick(eventLoop)
        deadlines = LoopDeadlines(eventLoop)
        // A look may still be due when the pool is gone.
        deadlines.look = { [weak self] in self?.closeIdle(now: $0) ?? .max }
    }

    private static func nanoseconds(_ slow: Duration) -> Int64 {
        slow == .zero ? .max : TimeAmount(slow).nanoseconds
    }

    /// Notes a command that took longer than the pool's limit.
    func noteSlow(
        _ label: CommandLabel, server: String, nanoseconds: Int64, replyBytes: Int
    ) {
        slowLog.add(
            SlowCommand(
                command: commandName(label.command), key: label.key.text, server: server, endedAt: .now(),
                nanoseconds: nanoseconds, replyBytes: replyBytes))
    }

    /// Calls `resume` when more of a long value may be moved, after `bytes`; false, without a call, if that is at once.
    func pause(after bytes: Int, _ resume: @escaping () -> Void) -> Bool {
        guard let until = pace.pause(after: bytes, commands: clients.commands, now: tick.now) else { return false }
        eventLoop.assumeIsolated().scheduleTask(deadline: until, resume)
        return true
    }

    func add(_ client: ShardClient) {
        clients.accepted += 1
        clients.open += 1
        open[ObjectIdentifier(client)] = client
        watchIdle()
    }

    func remove(_ client: ShardClient) {
        clients.open -= 1
        open[ObjectIdentifier(client)] = nil
    }

    /// Looks for clients that say nothing when the first of them may have done so for too long.
    private func watchIdle() {
        guard limits.idle > .zero else { return }
        deadlines.note(Int64(tick.now.uptimeNanoseconds) + TimeAmount(limits.idle).nanoseconds)
    }

    /// Closes clients that have said nothing for too long; returns when the next one may have.
    private func closeIdle(now: Int64) -> Int64 {
        guard limits.idle > .zero else { return .max }
        let time = TimeAmount(limits.idle).nanoseconds
        var next = Int64.max
        for client in open.values {
            let end = client.idleSince(asOf: now) + time
            if end <= now { client.closeAsIdle() } else { next = min(next, end) }
        }
        return next
    }

    /// Has each client end after the replies that it waits for.
    func drainClients() {
        for client in open.values { client.end() }
    }

    func closeClients() {
        for client in open.values { client.close() }
    }
}
