// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Telemetry

// What changes which endpoints are chosen from: rare, and never done for a single request.
extension Upstream {
    /// The steps in which the share of an endpoint grows while it starts slowly.
    private static let slowStartSteps: Int64 = 50
    /// The part of its share that it begins with.
    private static let slowStartShareMin = 0.1
    /// Shares of endpoints without slow start are their weights, times this.
    private static let shareUnit = 1000.0

    // MARK: Endpoints that come and go

    /// Has the upstream's endpoints be these. Those that stay keep what they hold and what was counted of them.
    package func apply(_ descriptions: [EndpointDescription], now: Int64) {
        let isFirst = endpoints.isEmpty
        var before = Dictionary(endpoints.map { ($0.identity, $0) }) { first, _ in first }
        endpoints = ContiguousArray(
            descriptions.map { description in
                if let kept = before.removeValue(forKey: description.identity) {
                    kept.weight = description.weight
                    return kept
                }
                let endpoint = Endpoint(description)
                // The first ones share the load from the beginning: there is nobody to leave it to.
                if !isFirst { endpoint.slowStartBegan = now }
                return endpoint
            })
        chooseAnew(now)
        for endpoint in before.values {
            endpoint.isRemoved = true
            removed?(endpoint)
        }
    }

    /// Takes a changed configuration; its servers come by `apply(_:now:)`.
    package func apply(_ configuration: UpstreamConfiguration, now: Int64) {
        self.configuration = configuration
        breaker.limits = configuration.limits
        budget.rules = configuration.retryBudget
        if !configuration.ejection.enabled {
            for endpoint in endpoints { endpoint.outlier.pardon() }
        }
        chooseAnew(now)
    }

    /// What an active check found out about an endpoint, if it is still one of these.
    package func learned(_ identity: EndpointDescription.Identity, isHealthy: Bool, now: Int64) {
        guard let endpoint = endpoints.first(where: { $0.identity == identity }), endpoint.isHealthy != isHealthy else {
            return
        }
        endpoint.isHealthy = isHealthy
        if isHealthy { endpoint.slowStartBegan = now }
        chooseAnew(now)
    }

    // MARK: Ejection

    /// Whether one more may be left alone: of several endpoints one always.
    func mayEject(_ endpoint: Endpoint) -> Bool {
        guard configuration.ejection.enabled, !endpoint.isRemoved, endpoints.count > 1 else { return false }
        let ejected = endpoints.count { $0.isEjected }
        return ejected < max(1, endpoints.count * configuration.ejection.shareMax / 100)
    }

    func eject(_ endpoint: Endpoint, _ now: Int64) {
        let pause = endpoint.outlier.eject(now, configuration.ejection)
        endpoint.counters.ejections += 1
        chooseAnew(now)
        logger.emit(
            .endpointEjected(
                upstream: name, server: endpoint.identity.server, address: endpoint.address.text,
                pause: .nanoseconds(pause), left: endpoints.count { !$0.isEjected && $0.isHealthy }))
    }

    // MARK: The choice

    /// Makes ready what is chosen from, and says when that must be done again.
    func chooseAnew(_ now: Int64) {
        choiceEnds = .max
        for endpoint in endpoints where endpoint.outlier.takeReturn(now) {
            endpoint.slowStartBegan = now
            logger.emit(
                .endpointReturned(
                    upstream: name, server: endpoint.identity.server, address: endpoint.address.text))
        }
        let fit = endpoints.filter { $0.isHealthy && !$0.isEjected }
        isPanicking = fit.isEmpty || fit.count * 100 < endpoints.count * configuration.panicBelow
        let members = isPanicking ? endpoints : ContiguousArray(fit)
        let shares = members.map { share($0, now) }
        for endpoint in endpoints {
            if let end = endpoint.outlier.ejectedUntil { choiceEnds = min(choiceEnds, end) }
        }
        choice = EndpointChoice(configuration.balance, members, shares: shares, before: choice)
    }

    /// What an endpoint gets, in thousandths of a weight of 1.
    private func share(_ endpoint: Endpoint, _ now: Int64) -> Int {
        let whole = Double(endpoint.weight) * Self.shareUnit
        let window = TimeAmount(configuration.slowStart).nanoseconds
        // A ring or a table would move keys with each step.
        guard let began = endpoint.slowStartBegan, now < began + window, !configuration.balance.isByHash else {
            endpoint.slowStartBegan = nil
            return Int(whole)
        }
        choiceEnds = min(choiceEnds, now + max(1, window / Self.slowStartSteps))
        return Int(whole * max(Self.slowStartShareMin, Double(now - began) / Double(window)))
    }
}
