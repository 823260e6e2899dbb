// SPDX-License-Identifier: Apache-2.0

import Proxying

@testable import Ambassador

extension ProxyUnderTest {
    /// What the proxy still holds when all requests are over: each count that isn't 0, once nothing changes any more.
    func held() async throws -> [String] {
        var held: [String] = []
        for _ in 0..<300 {
            held = await counted().filter { $0.count != 0 }.map { "\($0.name): \($0.count)" }
            if held.isEmpty { return [] }
            try await Task.sleep(for: .milliseconds(20))
        }
        return held
    }

    private func counted() async -> [(name: String, count: Int)] {
        let snapshot = await proxy.snapshot()
        var counted = [("requests in flight", snapshot.counts.inFlight), ("clients", snapshot.counts.clients.open)]
        for upstream in snapshot.upstreams {
            counted += [("requests of an upstream", upstream.requests), ("retries", upstream.retries)]
            for endpoint in upstream.endpoints {
                counted += [
                    ("requests of a server", endpoint.inFlight), ("connections", endpoint.connections),
                    ("requests that wait", endpoint.waiting),
                ]
            }
        }
        return counted
    }
}
