// SPDX-License-Identifier: Apache-2.0

/// Why an upstream takes nothing more at the moment: each is answered with 503, and counted under its name.
package enum UpstreamRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    case requests(limit: Int)
    case pending(limit: Int)
    case connections(limit: Int)
    case retries(limit: Int)
    case retryBudget(share: Int)

    /// A word for logs and metrics.
    package var name: String {
        switch self {
        case .requests: "requests"
        case .pending: "pending"
        case .connections: "connections"
        case .retries: "retries"
        case .retryBudget: "retry-budget"
        }
    }

    package var description: String {
        switch self {
        case .requests(let limit): "the upstream has \(limit) requests in flight, as many as limits.requests allows"
        case .pending(let limit): "\(limit) requests wait for a connection, as many as limits.pending allows"
        case .connections(let limit): "the server has \(limit) connections, as many as limits.connections allows"
        case .retries(let limit): "\(limit) retries are in flight, as many as limits.retries allows"
        case .retryBudget(let share): "retries have reached \(share) % of the requests, as retry-budget.share allows"
        }
    }
}

/// What an upstream holds at once on one event loop, within its limits.
package struct CircuitBreaker: Sendable {
    package enum Resource: Sendable { case requests, pending, retries }

    /// How often something was refused, by what was missing.
    package struct Refusals: Sendable, Equatable {
        package var requests: UInt64 = 0
        package var pending: UInt64 = 0
        package var connections: UInt64 = 0
        package var retries: UInt64 = 0
        package var retryBudget: UInt64 = 0

        package init() {}

        package mutating func add(_ other: Refusals) {
            requests += other.requests
            pending += other.pending
            connections += other.connections
            retries += other.retries
            retryBudget += other.retryBudget
        }
    }

    package internal(set) var limits: UpstreamLimits
    package private(set) var requests = 0
    package private(set) var pending = 0
    package private(set) var retries = 0
    package internal(set) var refusals = Refusals()

    package init(_ limits: UpstreamLimits) { self.limits = limits }

    /// Takes one of something, unless there are as many as there may be.
    package mutating func take(_ resource: Resource) -> UpstreamRefusal? {
        switch resource {
        case .requests:
            guard requests >= limits.requests else {
                requests += 1
                return nil
            }
            refusals.requests += 1
            return .requests(limit: limits.requests)
        case .pending:
            guard pending >= limits.pending else {
                pending += 1
                return nil
            }
            refusals.pending += 1
            return .pending(limit: limits.pending)
        case .retries:
            guard retries >= limits.retries else {
                retries += 1
                return nil
            }
            refusals.retries += 1
            return .retries(limit: limits.retries)
        }
    }

    package mutating func release(_ resource: Resource) {
        switch resource {
        case .requests: requests -= 1
        case .pending: pending -= 1
        case .retries: retries -= 1
        }
    }

    /// Whether one more connection to the endpoint may be opened; if so, the caller counts it there.
    package func mayConnect(to endpoint: Endpoint) -> Bool { endpoint.connections < limits.connections }

    /// A request was refused for want of a connection.
    package mutating func refuseConnection() -> UpstreamRefusal {
        refusals.connections += 1
        return .connections(limit: limits.connections)
    }
}
