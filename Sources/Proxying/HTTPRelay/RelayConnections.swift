// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What connections to one server may take, and how they are made.
package struct RelayConnectionRules: Sendable {
    /// Open at once on one event loop; beyond it requests wait.
    package var connectionsMax = 1024
    /// Requests that wait for a connection.
    package var waitingMax = 1024
    /// Kept for later on one event loop.
    package var idleMax = 256
    /// A connection that was idle for so long isn't used again. Servers close idle ones after 5 s (Node, uvicorn) or
    /// later; a request that meets such an end is lost, so ours comes first.
    package var idleTime = TimeAmount.seconds(3)
    /// Exchanges on one connection; 0 is any number.
    package var exchangesMax = 0
    package var connectTimeout = TimeAmount.seconds(5)
    /// The name that a server's certificate is for.
    package var host = ""
    package var tls: TLSClient?
    /// Each connection says first whose request it carries, so no other client's may follow.
    package var isPrivate = false

    package init() {}

    /// Whether a connection that was made by other rules is as good as one that is made by these.
    func makesSame(as other: RelayConnectionRules) -> Bool {
        host == other.host && tls === other.tls && isPrivate == other.isPrivate
    }
}

/// A connection that somebody waits for.
package final class RelayWaiter {
    /// Nil: nobody waits any more.
    fileprivate var receiver: (any RelayReceiver)?

    fileprivate init(_ receiver: any RelayReceiver) { self.receiver = receiver }

    package func cancel() { receiver = nil }

    fileprivate func takeReceiver() -> (any RelayReceiver)? {
        defer { receiver = nil }
        return receiver
    }
}

/// The connections to one server on one event loop.
package final class RelayConnections {
    /// How late an idle connection may be closed, so that many cost one timer.
    private static let sweepPauseMin = TimeAmount.milliseconds(100)

    private let loop: RelayLoop
    private let target: StreamTarget
    package var rules: RelayConnectionRules {
        didSet {
            if !rules.makesSame(as: oldValue) { generation += 1 }
            if rules.idleMax < idle.count || !rules.makesSame(as: oldValue) { closeIdle() }
            if rules.idleTime < oldValue.idleTime { closeExpired() }
        }
    }
    /// Counts the rules by which connections are made; those of earlier ones aren't used again.
    private var generation = 0
    package private(set) var open = 0
    package private(set) var connecting = 0
    // Safe: belongs to the loop's thread.
    @exclusivity(unchecked) private var idle: [RelayConnection] = []
    private var waiting: [RelayWaiter] = []
    private var sweep: Scheduled<Void>?
    /// No more connections are kept.
    private var isEnding = false

    package init(_ loop: RelayLoop, to target: StreamTarget, _ rules: RelayConnectionRules) {
        self.loop = loop
        self.target = target
        self.rules = rules
    }

    /// Connections that are open, and those that are being made.
    package var connectionCount: Int { open + connecting }
    package var idleCount: Int { idle.count }
    package var waitingCount: Int { waiting.count { $0.receiver != nil } }

    /// Whether one more in use would leave half of those that may be to others.
    package var hasSpareRoom: Bool { (connectionCount - idleCount + 1) * 2 <= rules.connectionsMax }

    /// An idle connection: the one that was used last, so that a burst's connections grow old.
    @inline(__always)
    package func takeIdle() -> RelayConnection? {
        while let connection = idle.popLast() {
            if connection.isOpen { return connection }
        }
        return nil
    }

    /// Gets a new connection, for which `receiver` waits.
    package func connect(_ receiver: any RelayReceiver) -> RelayWaiter {
        let waiter = RelayWaiter(receiver)
        if open + connecting < rules.connectionsMax {
            connect(waiter)
        } else if mayWait() {
            waiting.append(waiter)
        } else {
            // Not at once: whoever asks isn't ready for the answer before it has the waiter.
            loop.eventLoop.assumeIsolated().execute { waiter.takeReceiver()?.failed(.overloaded) }
        }
        return waiter
    }

    private func mayWait() -> Bool {
        // Those that have gone since take nobody's place.
        if waiting.count >= rules.waitingMax { waiting.removeAll { $0.receiver == nil } }
        return waiting.count < rules.waitingMax
    }

    /// Keeps none of the connections that are there; those in use end with their exchange.
    package func end() {
        isEnding = true
        closeIdle()
    }

    // MARK: - What connections say

    func keep(_ connection: RelayConnection) {
        guard !isEnding, !rules.isPrivate, connection.generation == generation,
            rules.exchangesMax == 0 || connection.exchanges < rules.exchangesMax
        else { return connection.close() }
        if let receiver = nextWaiter()?.takeReceiver() { return receiver.connected(connection) }
        guard idle.count < rules.idleMax else { return connection.close() }
        connection.idleSince = loop.clock.now
        idle.append(connection)
        if sweep == nil { scheduleSweep(in: rules.idleTime) }
    }

    func closed(_ connection: RelayConnection) {
        open -= 1
        if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
        if let waiter = nextWaiter() { connect(waiter) }
    }

    private func nextWaiter() -> RelayWaiter? {
        while !waiting.isEmpty {
            let waiter = waiting.removeFirst()
            if waiter.receiver != nil { return waiter }
        }
        return nil
    }

    // MARK: - Connecting

    private func connect(_ waiter: RelayWaiter) {
        connecting += 1
        var settings = SocketSettings()
        settings.hearsEndAtOnce = false
        StreamConnector(loop.eventLoop, within: rules.connectTimeout, settings)
            .connect(to: target) { try self.addHandlers(to: $0, waiter) }
            .assumeIsolated()
            .flatMapThrowing { try $0.pipeline.syncOperations.handler(type: RelayConnection.self) }
            .whenComplete { self.opened($0, waiter) }
    }

    /// By the rules as they are now: they may have changed meanwhile.
    private func addHandlers(to channel: EpollChannel, _ waiter: RelayWaiter) throws {
        let pipeline = channel.pipeline.syncOperations
        // In front even of TLS.
        if rules.isPrivate, let opening = waiter.receiver?.opening { channel.send(opening) }
        let secured = try rules.tls?.secure(channel, host: rules.host, within: rules.connectTimeout)
        try pipeline.addHandler(RelayConnection(self, loop, secured, generation: generation))
    }

    private func opened(_ result: Result<RelayConnection, any Error>, _ waiter: RelayWaiter) {
        guard case .success(let connection) = result, let secured = connection.secured else {
            return connected(result, waiter)
        }
        let bound = NIOLoopBound((self, connection, waiter), eventLoop: loop.eventLoop)
        secured.whenComplete { result in
            let (pool, connection, waiter) = bound.value
            pool.connected(result.map { connection }, waiter)
        }
    }

    private func connected(_ result: Result<RelayConnection, any Error>, _ waiter: RelayWaiter) {
        connecting -= 1
        guard case .success(let connection) = result, connection.isOpen else {
            var failure = RelayFailure.closedAtOnce
            if case .failure(let error) = result { failure = RelayFailure(connecting: error) }
            waiter.takeReceiver()?.failed(failure)
            if let next = nextWaiter() { connect(next) }
            return
        }
        open += 1
        connection.isCounted = true
        if let receiver = waiter.takeReceiver() { receiver.connected(connection) } else { keep(connection) }
    }

    // MARK: - Idle connections

    private func scheduleSweep(in time: TimeAmount) {
        sweep = loop.eventLoop.assumeIsolated().scheduleTask(in: time) { self.closeExpired() }
    }

    private func closeExpired() {
        sweep?.cancel()
        sweep = nil
        let limit = loop.clock.now - rules.idleTime.nanoseconds
        // Those that were given back first are first.
        let expired = idle.prefix { $0.idleSince <= limit }
        idle.removeFirst(expired.count)
        for connection in expired { connection.close() }
        if let next = idle.first { scheduleSweep(in: max(.nanoseconds(next.idleSince - limit), Self.sweepPauseMin)) }
    }

    package func closeIdle() {
        let closing = idle
        idle = []
        for connection in closing { connection.close() }
    }
}

extension RelayConnectionRules {
    /// What an upstream's settings say.
    package init(_ upstream: UpstreamConfiguration) {
        connectionsMax = upstream.limits.connections
        waitingMax = upstream.limits.pending
        idleMax = upstream.keepalive.idle == .zero ? 0 : upstream.keepalive.connections
        idleTime = TimeAmount(upstream.keepalive.idle)
        exchangesMax = upstream.keepalive.requests
        connectTimeout = TimeAmount(upstream.connectTimeout)
        isPrivate = upstream.proxyProtocol != nil
    }
}
