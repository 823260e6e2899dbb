// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Proxying
internal import Synchronization
import Telemetry

/// One pool on one event loop, as it follows the pool's topology. All of it is used on the loop.
protocol ShardingLoop: AnyObject {
    var shards: ShardSet { get }
    /// What asks a server whether it is well.
    var probeOpening: ShardOpening { get }

    /// Places keys as `ring` says from the next command on.
    func use(_ ring: ServerRing)
    /// The name of these servers' host leads to `addresses` now: connections to others are replaced.
    func follow(_ host: String, to addresses: Set<String>)
}

extension ShardingLoop {
    func follow(_ host: String, to addresses: Set<String>) { shards.moved(host, to: addresses) }
}

/// Which servers a pool has, where they are, and which of them take part in its ring.
///
/// All loops of the pool follow it. It hears of failures from them (rarely: not of each command), asks ejected servers
/// whether they are well, looks names up again and again, and takes changed configurations. What it decides it tells
/// each loop in the same order.
final class PoolTopology: ShardHealth, Sendable {
    private struct State {
        var configuration: PoolConfiguration
        var membership: RingMembership
        var loops: [NIOLoopBound<any ShardingLoop>] = []
        var watch: Task<Void, Never>?
        var isEnded = false

        var ring: ServerRing { configuration.makeRing(membership.lives) }
        var liveCount: Int { ring.live.count { $0 } }

        /// The first loop asks ejected servers for all of them.
        var prober: NIOLoopBound<any ShardingLoop>? { isEnded ? nil : loops.first }

        func tellLoops(_ tell: @escaping @Sendable (any ShardingLoop) -> Void) {
            for loop in loops { loop.eventLoop.execute { tell(loop.value) } }
        }
    }

    private let name: String
    private let tls: TLSClient?
    private let logger: Logger
    private let lookup: @Sendable (String) async -> Result<Set<String>, NameLookupError>
    private let state: Mutex<State>

    init(
        name: String, configuration: PoolConfiguration, tls: TLSClient?, logger: Logger,
        lookup: @escaping @Sendable (String) async -> Result<Set<String>, NameLookupError> = NameLookup.addresses
    ) {
        self.name = name
        self.tls = tls
        self.logger = logger
        self.lookup = lookup
        let membership = RingMembership(configuration.servers.names, rules: configuration.ejection)
        state = Mutex(State(configuration: configuration, membership: membership))
    }

    /// Has a loop follow from now on. Called on the loop.
    func add(_ loop: any ShardingLoop) {
        let loop = NIOLoopBound(loop, eventLoop: loop.shards.pool.eventLoop)
        state.withLock { $0.loops.append(loop) }
    }

    /// What a loop begins with.
    func makeServers() -> [ShardServer] { state.withLock { $0.configuration.makeServers(tls: tls, health: self) } }

    func makeRing() -> ServerRing { state.withLock { $0.ring } }

    /// Watches names until `end()`.
    func start() {
        warnOfSkew()
        state.withLock { state in
            state.watch = watchNames(of: state.configuration)
        }
    }

    /// Changes nothing any more.
    func end() {
        state.withLock { state in
            state.isEnded = true
            state.watch?.cancel()
        }
    }

    private func warnOfSkew() {
        let ring = makeRing()
        guard let skew = ring.skew() else { return }
        logger.emit(
            .ringSkewed(
                pool: name, ring: ring.kind.rawValue, hash: ring.hash.rawValue, sample: skew.pattern.rawValue,
                keys: zip(ring.servers, skew.keys).map { ($0.name, $1) }))
    }

    // MARK: Ejection

    func failed(_ server: String) {
        state.withLock { state in
            guard !state.isEnded, state.membership.failed(server, at: .now()) else { return }
            logger.emit(.serverEjected(pool: name, server: server, live: state.liveCount))
            publish(state)
            scheduleProbe(state)
        }
    }

    func answered(_ server: String) { state.withLock { $0.membership.answered(server) } }

    /// How many times a server has been ejected.
    var ejections: UInt64 { state.withLock { $0.membership.ejections } }

    private func publish(_ state: borrowing State, resuming returned: String? = nil) {
        let ring = state.ring
        state.tellLoops { loop in
            loop.use(ring)
            if let returned { loop.shards.resume(returned) }
        }
    }

    private func scheduleProbe(_ state: borrowing State) {
        guard let loop = state.prober, let next = state.membership.nextProbe else { return }
        loop.eventLoop.scheduleTask(deadline: next) { self.probe(on: loop.value) }
    }

    private func probe(on loop: any ShardingLoop) {
        let due = state.withLock { state in
            state.isEnded ? [] : state.membership.takeDue(at: .now())
        }
        for server in due {
            loop.shards.probe(server, loop.probeOpening) { [self] isWell in probed(server, isWell) }
        }
    }

    private func probed(_ server: String, _ isWell: Bool) {
        state.withLock { state in
            if state.membership.probed(server, isWell: isWell, at: .now()) {
                logger.emit(.serverReturned(pool: name, server: server, live: state.liveCount))
                publish(state, resuming: server)
            }
            scheduleProbe(state)
        }
    }

    // MARK: Configuration

    /// Takes the servers, weights, times, limits and rules of a changed configuration; the rest holds until a restart.
    /// No client notices but by where its keys are.
    func apply(_ changed: PoolConfiguration) {
        state.withLock { state in
            let before = state.configuration
            state.configuration.takeLive(changed)
            let configuration = state.configuration
            guard !state.isEnded, configuration != before else { return }
            state.membership.change(configuration.servers.names, rules: configuration.ejection)
            let ring = state.ring
            state.tellLoops { [self] loop in
                loop.shards.pool.limits = configuration.limits
                loop.shards.change(to: configuration.makeServers(tls: tls, health: self))
                loop.use(ring)
            }
            logger.emit(.poolServersChanged(pool: name, servers: configuration.servers.names))
            state.watch?.cancel()
            state.watch = watchNames(of: configuration)
            scheduleProbe(state)
        }
        warnOfSkew()
    }

    // MARK: Names

    /// Looks the names of hosts up again and again, if there are any. Without an interval one look at the start says
    /// which names are unknown; each attempt to connect looks for itself.
    private func watchNames(of configuration: PoolConfiguration) -> Task<Void, Never>? {
        guard !configuration.hostNames.isEmpty else { return nil }
        let names = HostNames(configuration.hostNames, lookup: lookup)
        return Task { [interval = configuration.resolveInterval] in
            var names = names
            await names.watch(every: interval) { host, change in learned(change, of: host) }
        }
    }

    private func learned(_ change: NameWatch.Change, of host: String) {
        logger.emit(change.event(of: host, for: name))
        switch change {
        case .lost: return
        case .found(let addresses), .moved(_, let addresses): follow(host, to: addresses)
        }
    }

    private func follow(_ host: String, to addresses: Set<String>) {
        state.withLock { state in
            guard !state.isEnded else { return }
            state.tellLoops { $0.follow(host, to: addresses) }
        }
    }
}

extension PoolConfiguration {
    /// Takes what may change while the pool serves.
    fileprivate mutating func takeLive(_ changed: PoolConfiguration) {
        servers = changed.servers
        timeout = changed.timeout
        connectTimeout = changed.connectTimeout
        resolveInterval = changed.resolveInterval
        ejection = changed.ejection
        limits = changed.limits
    }
}
