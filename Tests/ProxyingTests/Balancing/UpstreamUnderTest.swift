// SPDX-License-Identifier: Apache-2.0

import NIOCore

@testable import Proxying

let second: Int64 = 1_000_000_000

/// An upstream with endpoints of given weights and a clock that a test sets.
final class UpstreamUnderTest {
    let upstream: Upstream
    var now: Int64 = 0

    init(_ balance: BalanceKind, weights: [Int], _ change: (inout UpstreamConfiguration) -> Void = { _ in }) {
        var configuration = UpstreamConfiguration()
        configuration.balance = balance
        change(&configuration)
        upstream = Upstream(name: "web", configuration: configuration, seed: 42)
        upstream.apply(Self.descriptions(weights), now: 0)
    }

    /// Endpoints a, b, c, … on 10.0.0.1, 10.0.0.2, …
    static func descriptions(_ weights: [Int]) -> [EndpointDescription] {
        weights.enumerated().map { index, weight in description(index, weight: weight) }
    }

    static func description(_ index: Int, weight: Int = 1) -> EndpointDescription {
        let name = String(UnicodeScalar(UInt8(0x61 + index % 26))) + "\(index / 26)"
        let host = "10.0.\(index / 250).\(index % 250 + 1)"
        let address = try? SocketAddress(ipAddress: host, port: 8080)
        guard let address else { preconditionFailure("\(host) is no address") }
        return EndpointDescription(
            server: name, configured: .network(host: host, port: 8080), address: address, weight: weight)
    }

    var endpoints: [Endpoint] { Array(upstream.endpoints) }

    func index(of endpoint: Endpoint?) -> Int { endpoints.firstIndex { $0 === endpoint } ?? -1 }

    func pick(_ hash: UInt64 = 0, avoiding: Endpoint? = nil) -> Int {
        index(of: upstream.pick(hash: hash, now: now, avoiding: avoiding))
    }

    /// How often each is picked, with nothing in flight.
    func counts(_ picks: Int, hash: (Int) -> UInt64 = { _ in 0 }) -> [Int] {
        var counts = endpoints.map { _ in 0 }
        for number in 0..<picks { counts[pick(hash(number))] += 1 }
        return counts
    }

    /// A try on an endpoint that ends so.
    func end(_ index: Int, _ outcome: ExchangeOutcome, latency: Int64 = 1_000_000, times: Int = 1) {
        for _ in 0..<times {
            upstream.began(endpoints[index])
            upstream.ended(endpoints[index], outcome, latency: latency, now: now)
        }
    }

    /// The share that each endpoint gets if so many requests are in flight all the time, an endpoint taking about
    /// `latency` of its index in nanoseconds for each.
    func shares(concurrency: Int, requests: Int, latency: (Int) -> Int64) -> [Double] {
        var random = SmallGenerator(seed: 7)
        var running: [(ends: Int64, began: Int64, index: Int)] = []
        var counts = endpoints.map { _ in 0 }
        for _ in 0..<requests {
            if running.count == concurrency, let next = running.indices.min(by: { running[$0].ends < running[$1].ends })
            {
                let (ends, began, index) = running.remove(at: next)
                now = ends
                upstream.ended(endpoints[index], .answered(status: 200), latency: ends - began, now: now)
            }
            let index = pick()
            counts[index] += 1
            upstream.began(endpoints[index])
            let length = latency(index) / 2 + Int64(random.next() % UInt64(latency(index)))
            running.append((now + length, now, index))
        }
        return counts.map { Double($0) / Double(requests) }
    }
}
