// SPDX-License-Identifier: Apache-2.0

package import Logging

/// An upstream on one event loop: its endpoints, which of them gets a request, and how they do.
///
/// It knows neither sockets nor clocks: whoever relays tells it what happened and when, in nanoseconds of a clock that
/// only goes forward. A request takes `admit`, `pick`, `began`, `ended` and `completed`; another try of it
/// `admitRetry`, `pick`, `began(…, isRetry: true)`, `ended` and `retryCompleted`.
package final class Upstream {
    package let name: String
    package internal(set) var configuration: UpstreamConfiguration { didSet { host = configuration.host } }
    /// Whose `Host` a server sees. Each request asks, and would copy the whole configuration for it.
    package private(set) var host: UpstreamHost
    package internal(set) var endpoints: ContiguousArray<Endpoint> = []
    // Safe: touched on one loop's thread, and by nothing that is called meanwhile.
    @exclusivity(unchecked) var breaker: CircuitBreaker
    /// Called with each endpoint that is no part of the upstream any more, to have its idle connections closed.
    package var removed: ((Endpoint) -> Void)?

    // Safe: touched on one loop's thread, and by nothing that is called meanwhile.
    @exclusivity(unchecked) var budget: RetryBudget
    // Safe: touched on one loop's thread, and by nothing that is called meanwhile.
    @exclusivity(unchecked) var choice: EndpointChoice
    // Safe: touched on one loop's thread, and by nothing that is called meanwhile.
    @exclusivity(unchecked) private var random: SmallGenerator
    /// When a pause is over or a share grows, so that the choice must be made anew.
    // Safe: a plain number of one loop's thread.
    @exclusivity(unchecked) var choiceEnds = Int64.max
    /// So few endpoints are well that all are used.
    package internal(set) var isPanicking = false
    let logger: Logger

    /// - Parameter seed: of the random numbers, so that a test gets the same ones.
    package init(
        name: String, configuration: UpstreamConfiguration, seed: UInt64 = .random(in: 0 ... .max),
        logger: Logger = Logger(label: "upstream") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.name = name
        self.configuration = configuration
        host = configuration.host
        self.logger = logger
        random = SmallGenerator(seed: seed)
        breaker = CircuitBreaker(configuration.limits)
        budget = RetryBudget(configuration.retryBudget)
        choice = EndpointChoice(configuration.balance, [], shares: [])
    }

    // MARK: A request

    /// Takes a request into account; a refusal means that there are too many, and the request must be answered so.
    package func admit(now: Int64) -> UpstreamRefusal? {
        if let refusal = breaker.takeRequest() { return refusal }
        budget.requestBegan(now)
        return nil
    }

    /// Whether a request that nobody waits for may be admitted: half of the room is for those of clients alone.
    package var hasSpareRoom: Bool { breaker.hasSpareRoom }

    /// The request is over, however many tries it took.
    package func completed() { breaker.releaseRequest() }

    /// Takes another try of a request into account, unless that would be too many.
    package func admitRetry(now: Int64) -> UpstreamRefusal? { breaker.takeRetry(&budget, now) }

    package func retryCompleted() { breaker.releaseRetry() }

    /// Why a request that got no connection, nor could wait for one, is refused; it is counted.
    package func refuseWaiting() -> UpstreamRefusal { breaker.refuseWaiting() }

    /// The endpoint for a request; nil only if there is none at all.
    ///
    /// - Parameters:
    ///   - hash: of the part of the request that the configuration names; only ring and table look at it.
    ///   - avoiding: the endpoint of the try before, which is taken again only if there is no other.
    package func pick(hash: UInt64, now: Int64, avoiding: Endpoint? = nil) -> Endpoint? {
        if now >= choiceEnds { chooseAnew(now) }
        return choice.choose(hash: hash, now: now, avoiding: avoiding, &random)
    }

    /// A try begins on the endpoint.
    package func began(_ endpoint: Endpoint, isRetry: Bool = false) {
        endpoint.inFlight += 1
        endpoint.counters.requests += 1
        if isRetry { endpoint.counters.retries += 1 }
    }

    /// The try has ended, `latency` nanoseconds after it began (to the head of the answer, if there was one).
    package func ended(_ endpoint: Endpoint, _ outcome: ExchangeOutcome, latency: Int64, now: Int64) {
        endpoint.inFlight -= 1
        if case .answered(let status) = outcome, status < 500 {
            endpoint.outlier.succeeded()
            if choice.kind == .ewma { endpoint.latency.observe(latency, now) }
        } else if outcome != .abandoned {
            failed(endpoint, outcome, latency, now)
        }
    }

    private func failed(_ endpoint: Endpoint, _ outcome: ExchangeOutcome, _ latency: Int64, _ now: Int64) {
        endpoint.counters.failures += 1
        if outcome == .connectFailed { endpoint.counters.connectFailures += 1 }
        if outcome == .timedOut { endpoint.counters.timeouts += 1 }
        // An endpoint that fails quickly must not look fast.
        if choice.kind == .ewma { endpoint.latency.observe(max(latency, Int64(endpoint.latency.cost(now))), now) }
        guard endpoint.outlier.failed(outcome, configuration.ejection), mayEject(endpoint) else { return }
        eject(endpoint, now)
    }
}
