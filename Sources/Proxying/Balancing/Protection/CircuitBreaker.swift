// SPDX-License-Identifier: Apache-2.0

/// Why an upstream takes nothing more at the moment: each is answered with 503, and counted under its name.
package enum UpstreamRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    case requests(limit: Int)
    /// The server has as many connections as it may, and as many requests wait for one.
    case pending(limit: Int)
    case retries(limit: Int)
    case retryBudget(share: Int)

    /// A word for logs and metrics.
    package var name: String {
        switch self {
        case .requests: "requests"
        case .pending: "pending"
        case .retries: "retries"
        case .retryBudget: "retry-budget"
        }
    }

    package var description: String {
        switch self {
        case .requests(let limit): "the upstream has \(limit) requests in flight, as many as limits.requests allows"
        case .pending(let limit):
            "all connections to the server are in use, and \(limit) requests wait, as many as limits.pending allows"
        case .retries(let limit): "\(limit) retries are in flight, as many as limits.retries allows"
        case .retryBudget(let share): "retries have reached \(share) % of the requests, as retry-budget.share allows"
        }
    }
}

/// What an upstream holds at once on one event loop, within its limits. Connections and what waits for them are held
/// where they are made, for each server.
package struct CircuitBreaker: Sendable {
    /// How often something was refused, by what was missing.
    package struct Refusals: Sendable, Equatable {
        package var requests: UInt64 = 0
        package var pending: UInt64 = 0
        package var retries: UInt64 = 0
        package var retryBudget: UInt64 = 0

        package init() {}

        package static func += (sum: inout Refusals, other: Refusals) {
            sum.requests += other.requests
            sum.pending += other.pending
            sum.retries += other.retries
            sum.retryBudget += other.retryBudget
        }
    }

    var limits: UpstreamLimits
    private(set) var requests = 0
    private(set) var retries = 0
    private(set) var refusals = Refusals()

    init(_ limits: UpstreamLimits) { self.limits = limits }

    /// Whether one more would leave half of the room free.
    var hasSpareRoom: Bool { (requests + 1) * 2 <= limits.requests }

    /// Takes one more request, unless there are as many as there may be.
    mutating func takeRequest() -> UpstreamRefusal? {
        guard requests < limits.requests else {
            refusals.requests += 1
            return .requests(limit: limits.requests)
        }
        requests += 1
        return nil
    }

    mutating func releaseRequest() { requests -= 1 }

    /// Takes one more retry, unless there are as many as there may be, or the budget is used up.
    mutating func takeRetry(_ budget: inout RetryBudget, _ now: Int64) -> UpstreamRefusal? {
        guard retries < limits.retries else {
            refusals.retries += 1
            return .retries(limit: limits.retries)
        }
        guard budget.takeRetry(now) else {
            refusals.retryBudget += 1
            return .retryBudget(share: budget.rules.share)
        }
        retries += 1
        return nil
    }

    mutating func releaseRetry() { retries -= 1 }

    /// A request may not even wait for a connection.
    mutating func refuseWaiting() -> UpstreamRefusal {
        refusals.pending += 1
        return .pending(limit: limits.pending)
    }
}
