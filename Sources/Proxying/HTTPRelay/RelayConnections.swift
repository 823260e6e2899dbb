// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOPosix

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
}

/// A connection that somebody waits for.
package final class RelayWaiter {
    /// Nil: nobody waits any more.
    fileprivate var receiver: (any RelayReceiver)?
    /// A connection of TLS fails in two places.
    fileprivate var isSettled = false

    /// Its connection's first bytes.
    fileprivate let opening: ByteBuffer?

    fileprivate init(_ receiver: any RelayReceiver, opening: ByteBuffer?) {
        self.receiver = receiver
        self.opening = opening
    }

    package func cancel() { receiver = nil }

    fileprivate func takeReceiver() -> (any RelayReceiver)? {
        defer { receiver = nil }
        return receiver
    }
}

/// The connections to one server on one event loop.
package final class RelayConnections {
    private let loop: RelayLoop
    package let address: SocketAddress
    package var rules: RelayConnectionRules {
        didSet { if rules.idleMax < idle.count { closeIdle() } }
    }
    package private(set) var open = 0
    package private(set) var connecting = 0
    // Safe: belongs to the loop's thread.
    @exclusivity(unchecked) private var idle: [RelayConnection] = []
    private var waiting: [RelayWaiter] = []
    private var sweep: Scheduled<Void>?
    /// No more connections are kept.
    private var isEnding = false

    package init(_ loop: RelayLoop, to address: SocketAddress, _ rules: RelayConnectionRules) {
        self.loop = loop
        self.address = address
        self.rules = rules
    }

    /// Connections that are open, and those that are being made.
    package var connectionCount: Int { open + connecting }
    package var idleCount: Int { idle.count }
    package var waitingCount: Int { waiting.count }

    /// An idle connection: the one that was used last, so that a burst's connections grow old.
    @inline(__always)
    package func takeIdle() -> RelayConnection? {
        while let connection = idle.popLast() {
            if connection.isOpen { return connection }
        }
        return nil
    }

    /// Gets a new connection, for which `receiver` waits.
    ///
    /// - Parameter opening: what is written to it first, as a header of the PROXY protocol; its rules must be private.
    package func connect(_ receiver: any RelayReceiver, opening: ByteBuffer? = nil) -> RelayWaiter {
        let waiter = RelayWaiter(receiver, opening: opening)
        if open + connecting < rules.connectionsMax {
            connect(waiter)
        } else if waiting.count < rules.waitingMax {
            waiting.append(waiter)
        } else {
            // Not at once: whoever asks isn't ready for the answer before it has the waiter.
            loop.eventLoop.assumeIsolated().execute { waiter.takeReceiver()?.failed(.overloaded) }
        }
        return waiter
    }

    /// Keeps none of the connections that are there; those in use end with their exchange.
    package func end() {
        isEnding = true
        closeIdle()
    }

    // MARK: - What connections say

    func keep(_ connection: RelayConnection) {
        guard !isEnding, !rules.isPrivate, rules.exchangesMax == 0 || connection.exchanges < rules.exchangesMax else {
            return connection.close()
        }
        if let receiver = nextWaiter()?.takeReceiver() { return receiver.connected(connection) }
        guard idle.count < rules.idleMax else { return connection.close() }
        connection.idleSince = loop.clock.now
        idle.append(connection)
        if sweep == nil { scheduleSweep() }
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
        let (loop, rules) = (loop, rules)
        let bound = NIOLoopBound((self, waiter), eventLoop: loop.eventLoop)
        ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(rules.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let (pool, waiter) = bound.value
                    let connection = RelayConnection(pool, pool.loop)
                    // Without TLS the request would be first: a connection is given out before it is said to be active.
                    if let opening = waiter.opening, rules.tls != nil {
                        try channel.pipeline.syncOperations.addHandler(OpeningBytes(opening))
                    }
                    if let tls = rules.tls {
                        let secured = try tls.secure(channel, host: rules.host, within: rules.connectTimeout)
                        let bound = NIOLoopBound((pool, connection, waiter), eventLoop: channel.eventLoop)
                        secured.whenComplete { result in
                            let (pool, connection, waiter) = bound.value
                            pool.connected(connection, waiter, result.mapError { $0 })
                        }
                    } else {
                        try pool.loop.reading.lend(to: channel)
                    }
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .connect(to: address)
            .whenComplete { result in
                let (pool, waiter) = bound.value
                switch result {
                case .failure(let error): pool.connected(nil, waiter, .failure(error))
                case .success(let channel) where rules.tls == nil:
                    let connection = try? channel.pipeline.syncOperations.handler(type: RelayConnection.self)
                    if let opening = waiter.opening { connection?.write(opening) }
                    pool.connected(connection, waiter, .success(()))
                case .success: break
                }
            }
    }

    private func connected(
        _ connection: RelayConnection?, _ waiter: RelayWaiter, _ result: Result<Void, any Error>
    ) {
        guard !waiter.isSettled else { return }
        waiter.isSettled = true
        connecting -= 1
        guard case .success = result, let connection, connection.isOpen else {
            waiter.takeReceiver()?.failed(Self.failure(result))
            if let next = nextWaiter() { connect(next) }
            return
        }
        open += 1
        connection.isCounted = true
        if let receiver = waiter.takeReceiver() { receiver.connected(connection) } else { keep(connection) }
    }

    private static func failure(_ result: Result<Void, any Error>) -> RelayFailure {
        guard case .failure(let error) = result else { return .unreachable(0) }
        switch error {
        case let error as TLSFailure: return .insecure(error)
        case let error as IOError: return .unreachable(error.errnoCode)
        case ChannelError.connectTimeout: return .connectTimeout
        default: return .unreachable(0)
        }
    }

    // MARK: - Idle connections

    private func scheduleSweep() {
        sweep = loop.eventLoop.assumeIsolated().scheduleTask(in: rules.idleTime) { self.closeExpired() }
    }

    private func closeExpired() {
        sweep = nil
        let limit = loop.clock.now - rules.idleTime.nanoseconds
        // Those that were given back first are first.
        let expired = idle.prefix { $0.idleSince <= limit }
        idle.removeFirst(expired.count)
        for connection in expired { connection.close() }
        if !idle.isEmpty { scheduleSweep() }
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
