// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import Synchronization
import Telemetry

extension UpstreamTopology {
    /// The part of an interval by which each pause between checks may be shorter or longer, so that those of many
    /// sidecars don't come at once.
    private static let jitter = 0.1

    /// Has each endpoint be checked, if that is wanted, and nothing else.
    func checkEndpoints(_ state: inout State) {
        let wanted = state.isStarted && state.configuration.health.isOn ? Set(state.endpoints.map(\.identity)) : []
        for (identity, check) in state.checks where !wanted.contains(identity) {
            check.cancel()
            state.checks[identity] = nil
            state.health[identity] = nil
        }
        for identity in wanted where state.checks[identity] == nil {
            let check = HealthCheck(
                of: identity, state.configuration, tls: state.tls, eventLoopGroup: eventLoopGroup)
            state.checks[identity] = repeating(check, of: identity, every: state.configuration.health.interval)
        }
    }

    /// Checks now and after each interval.
    private func repeating(
        _ check: HealthCheck, of identity: EndpointDescription.Identity, every interval: Duration
    ) -> Task<Void, Never> {
        Task {
            while !Task.isCancelled {
                var failure: HealthCheck.Failure?
                do throws(HealthCheck.Failure) { try await check.perform() } catch { failure = error }
                guard !Task.isCancelled else { return }
                learned(failure, of: identity)
                try? await Task.sleep(for: interval * .random(in: (1 - Self.jitter)...(1 + Self.jitter)))
            }
        }
    }

    private func learned(_ failure: HealthCheck.Failure?, of identity: EndpointDescription.Identity) {
        state.withLock { state in
            guard state.checks[identity] != nil else { return }
            var health = state.health[identity] ?? HealthCheckState()
            let hasChanged = health.learned(failure == nil, state.configuration.health)
            state.health[identity] = health
            guard hasChanged else { return }
            tellHealth(of: identity, isHealthy: health.isHealthy, state)
            let address = identity.address.text
            logger.emit(
                failure.map { failure in
                    .endpointUnhealthy(
                        upstream: name, server: identity.server, address: address, reason: failure.description)
                } ?? .endpointHealthy(upstream: name, server: identity.server, address: address))
        }
    }

    func tellHealth(of identity: EndpointDescription.Identity, isHealthy: Bool, _ state: State) {
        state.tellLoops { upstream in
            upstream.learned(identity, isHealthy: isHealthy, now: NIODeadline.now().nanoseconds)
        }
    }
}
