// SPDX-License-Identifier: Apache-2.0

package import Logging
package import NIOCore
internal import Synchronization
import Telemetry

/// Which endpoints an upstream has, and which of them active checks find well: one for all event loops, each of which
/// has an `Upstream` that follows it.
///
/// It looks names up again and again, asks endpoints whether they are well, and takes changed configurations. What it
/// finds it tells each loop in the same order.
package final class UpstreamTopology: Sendable {
    struct State {
        var configuration: UpstreamConfiguration
        var tls: TLSClient?
        var names: HostNames
        var endpoints: [EndpointDescription] = []
        var health: [EndpointDescription.Identity: HealthCheckState] = [:]
        var loops: [NIOLoopBound<Upstream>] = []
        var watch: Task<Void, Never>?
        var checks: [EndpointDescription.Identity: Task<Void, Never>] = [:]
        var isStarted = false
        var isEnded = false

        func tellLoops(_ tell: @escaping @Sendable (Upstream) -> Void) {
            for loop in loops { loop.eventLoop.execute { tell(loop.value) } }
        }
    }

    package let name: String
    let logger: Logger
    let eventLoopGroup: EpollEventLoopGroup
    private let lookup: HostNames.Lookup
    let state: Mutex<State>

    /// - Parameters:
    ///   - tls: towards the servers, for health checks.
    ///   - eventLoopGroup: where health checks run.
    package init(
        name: String, configuration: UpstreamConfiguration, tls: TLSClient?, logger: Logger,
        eventLoopGroup: EpollEventLoopGroup, lookup: @escaping HostNames.Lookup = NameLookup.addresses
    ) {
        self.name = name
        self.logger = logger
        self.eventLoopGroup = eventLoopGroup
        self.lookup = lookup
        var first = State(
            configuration: configuration, tls: tls, names: HostNames(configuration.hostNames, lookup: lookup))
        first.endpoints = configuration.endpoints(first.names.addresses)
        state = Mutex(first)
    }

    // MARK: Beginning and end

    /// Looks names up and begins to check; returns when it is known where the names lead, or that they lead nowhere.
    package func start() async {
        let (known, hosts) = state.withLock { ($0.names, $0.configuration.hostNames) }
        let names = await lookedUp(known)
        state.withLock { state in
            guard !state.isEnded else { return }
            state.isStarted = true
            // A configuration that came meanwhile with other names has looked them up itself.
            follow(state.configuration.hostNames == hosts ? names : state.names, &state)
            state.watch = watchNames(state)
        }
    }

    /// Changes nothing any more.
    package func end() {
        state.withLock { state in
            state.isEnded = true
            state.watch?.cancel()
            for check in state.checks.values { check.cancel() }
            state.checks = [:]
        }
    }

    /// The upstream of an event loop, which follows from now on. Called on the loop.
    package func makeUpstream(on eventLoop: any EventLoop, seed: UInt64 = .random(in: 0 ... .max)) -> Upstream {
        state.withLock { state in
            let now = NIODeadline.now().nanoseconds
            let upstream = Upstream(name: name, configuration: state.configuration, seed: seed, logger: logger)
            upstream.apply(state.endpoints, now: now)
            for (identity, health) in state.health where !health.isHealthy {
                upstream.learned(identity, isHealthy: false, now: now)
            }
            state.loops.append(NIOLoopBound(upstream, eventLoop: eventLoop))
            return upstream
        }
    }

    // MARK: Configuration

    /// Takes a changed configuration whole. Names that are new are looked up first, so that no request finds their
    /// servers missing.
    package func apply(_ configuration: UpstreamConfiguration, tls: TLSClient?) async {
        var names = state.withLock { $0.names }
        let known = names
        names.change(to: configuration.hostNames)
        let unknown = configuration.hostNames.filter { known.addresses(of: $0).isEmpty }
        if !unknown.isEmpty { names = await lookedUp(names) }
        state.withLock { state in
            guard !state.isEnded else { return }
            // With TLS, checks have certificates that may be others now.
            let isSameCheck =
                state.configuration.health == configuration.health && state.tls == nil && tls == nil
                && state.configuration.proxyProtocol == configuration.proxyProtocol
            (state.configuration, state.tls) = (configuration, tls)
            // What names are watched changes with them.
            state.watch?.cancel()
            if !isSameCheck { stopChecks(&state) }
            follow(names, &state, configuration)
            state.watch = watchNames(state)
        }
    }

    private func stopChecks(_ state: inout State) {
        for check in state.checks.values { check.cancel() }
        state.checks = [:]
        guard !state.configuration.health.isOn else { return }
        for identity in state.health.keys { tellHealth(of: identity, isHealthy: true, state) }
        state.health = [:]
    }

    // MARK: Names

    private func lookedUp(_ names: HostNames) async -> HostNames {
        var names = names
        await names.look { [logger, name] host, change in logger.emit(change.event(of: host, for: name)) }
        return names
    }

    private func watchNames(_ state: State) -> Task<Void, Never>? {
        let interval = state.configuration.resolveInterval
        guard state.isStarted, interval > .zero, !state.configuration.hostNames.isEmpty else { return nil }
        return Task {
            while true {
                try? await Task.sleep(for: interval)
                let names = await lookedUp(self.state.withLock { $0.names })
                self.state.withLock { state in
                    guard !Task.isCancelled, !state.isEnded else { return }
                    follow(names, &state)
                }
                guard !Task.isCancelled else { return }
            }
        }
    }

    /// Has the endpoints be those that the names lead to now; `configuration` if it is another one.
    private func follow(_ names: HostNames, _ state: inout State, _ configuration: UpstreamConfiguration? = nil) {
        state.names = names
        let endpoints = state.configuration.endpoints(names.addresses)
        let hasChanged = endpoints != state.endpoints
        state.endpoints = endpoints
        if hasChanged || configuration != nil {
            state.tellLoops { upstream in
                let now = NIODeadline.now().nanoseconds
                if let configuration { upstream.apply(configuration, now: now) }
                upstream.apply(endpoints, now: now)
            }
        }
        checkEndpoints(&state)
    }

    // MARK: For readers

    /// What all loops can say now; nil without a loop.
    package func snapshot() async -> UpstreamSnapshot? {
        var snapshot: UpstreamSnapshot?
        for loop in state.withLock({ $0.loops }) {
            let part = try? await loop.eventLoop.submit {
                loop.value.snapshot(now: NIODeadline.now().nanoseconds)
            }.get()
            guard let part else { continue }
            if snapshot == nil { snapshot = part } else { snapshot?.add(part) }
        }
        return snapshot
    }
}
