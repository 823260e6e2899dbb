// SPDX-License-Identifier: Apache-2.0

package import Telemetry

extension PoolSnapshot {
    /// The pool's part of a scrape.
    package var metrics: [CollectedMetric] { clientMetrics + serverMetrics }

    private var clientMetrics: [CollectedMetric] {
        [
            CollectedMetric("outrigger_ambassador_clients", [series([], Double(clients.open))]),
            CollectedMetric(
                "outrigger_ambassador_clients_total",
                outcomes([
                    ("accepted", clients.accepted), ("refused", clients.refused), ("ended", clients.ended),
                    ("error", clients.errors), ("over_output", clients.overOutput), ("idle", clients.idle),
                ])),
            CollectedMetric(
                "outrigger_ambassador_commands_total",
                outcomes([
                    ("all", clients.commands), ("split", clients.split), ("failed", clients.failed),
                ])),
            CollectedMetric("outrigger_ambassador_parts_total", [series([], Double(clients.fragments))]),
            CollectedMetric(
                "outrigger_ambassador_faults_total", faults.map { series([("fault", $0.fault)], Double($0.count)) }),
            CollectedMetric(
                "outrigger_ambassador_command_seconds",
                CommandFamily.allCases.map { family in
                    CollectedMetric.Series(
                        [("pool", name), ("family", "\(family)")],
                        .histogram(counts: Array(latency.counts(of: family)), sum: latency.seconds(of: family)))
                }),
        ]
    }

    private var serverMetrics: [CollectedMetric] {
        [
            perServer("requests_total") { Double($0.requests) },
            perServer("request_bytes_total") { Double($0.requestBytes) },
            perServer(
                "replies_total", "outcome",
                [
                    ("value", { $0.replies - $0.refusals }), ("error", { $0.refusals }),
                ]),
            perServer("reply_bytes_total") { Double($0.replyBytes) },
            perServer("connections") { Double($0.connections) },
            perServer(
                "connection_ends_total", "cause",
                [
                    ("closed", { $0.closes }), ("timeout", { $0.timeouts }), ("error", { $0.errors }),
                ]),
            perServer("in_flight") { Double($0.inFlight) },
            perServer("shed_total") { Double($0.shed) },
            CollectedMetric(
                "outrigger_ambassador_server_up",
                servers.filter { $0.replicaOf == nil }.map { series([("server", $0.name)], $0.isLive ? 1 : 0) }),
        ]
    }

    private func perServer(_ suffix: String, _ value: (ShardCounters) -> Double) -> CollectedMetric {
        CollectedMetric(
            "outrigger_ambassador_server_" + suffix,
            servers.map { series([("server", $0.name)], value($0.counters)) })
    }

    private func perServer(
        _ suffix: String, _ label: String, _ values: [(String, (ShardCounters) -> UInt64)]
    ) -> CollectedMetric {
        CollectedMetric(
            "outrigger_ambassador_server_" + suffix,
            servers.flatMap { server in
                values.map { series([("server", server.name), (label, $0)], Double($1(server.counters))) }
            })
    }

    private func outcomes(_ counts: [(String, UInt64)]) -> [CollectedMetric.Series] {
        counts.map { series([("outcome", $0)], Double($1)) }
    }

    private func series(_ labels: [(String, String)], _ value: Double) -> CollectedMetric.Series {
        CollectedMetric.Series([("pool", name)] + labels, .number(value))
    }
}
