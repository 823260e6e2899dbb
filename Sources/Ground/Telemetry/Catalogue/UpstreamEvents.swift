// SPDX-License-Identifier: Apache-2.0

internal import Core
import Logging

// What upstreams can say of their servers.
extension LogEvent {
    /// `left`: the endpoints that are well.
    package static func endpointEjected(
        upstream: String, server: String, address: String, pause: Duration, left: Int
    ) -> LogEvent {
        LogEvent(
            "upstream.endpoint.ejected", left > 0 ? .warning : .error,
            "A server that fails requests is left alone for a while.",
            [
                "upstream": .string(upstream), "server": .string(server), "address": .string(address),
                "pause": .string(pause.text), "left": .stringConvertible(left),
            ])
    }

    package static func endpointReturned(upstream: String, server: String, address: String) -> LogEvent {
        LogEvent(
            "upstream.endpoint.returned", .notice, "A server that had been left alone gets requests again.",
            ["upstream": .string(upstream), "server": .string(server), "address": .string(address)])
    }

    package static func endpointUnhealthy(
        upstream: String, server: String, address: String, reason: String
    ) -> LogEvent {
        LogEvent(
            "upstream.endpoint.unhealthy", .warning, "A server failed its health checks.",
            [
                "upstream": .string(upstream), "server": .string(server), "address": .string(address),
                "reason": .string(reason),
            ])
    }

    package static func endpointHealthy(upstream: String, server: String, address: String) -> LogEvent {
        LogEvent(
            "upstream.endpoint.healthy", .notice, "A server passes its health checks again.",
            ["upstream": .string(upstream), "server": .string(server), "address": .string(address)])
    }
}
