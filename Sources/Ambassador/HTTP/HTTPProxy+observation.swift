// SPDX-License-Identifier: Apache-2.0

package import Core
import NIOCore
import Proxying
import Synchronization
package import Telemetry

extension HTTPProxy {
    /// What it is and how it does now, of all event loops.
    package func snapshot() async -> HTTPProxySnapshot {
        let (counts, upstreams) = await observed()
        let plan = plan.withLock { $0 }
        var snapshot = HTTPProxySnapshot(
            name: name, listen: address, plan.configuration, order: plan.table.routes.map(\.name), counts: counts,
            upstreams: upstreams)
        for index in snapshot.routes.indices {
            snapshot.routes[index].written = plan.overrides.written[snapshot.routes[index].name]
        }
        for mirror in await mirrors() {
            if let report = mirror.report { snapshot.comparisons[mirror.route] = report }
        }
        return snapshot
    }

    /// Its part of a scrape.
    ///
    /// - Parameter namespace: the app's, for metrics that have one.
    package func metrics(namespace: String) async -> [CollectedMetric] {
        let (counts, upstreams) = await observed()
        let compatibility = plan.withLock { $0.configuration.metrics.compatibility }
        var metrics = counts.metrics(proxy: name)
        metrics += counts.metrics(compatibility, proxy: name, namespace: namespace)
        for upstream in upstreams { metrics += upstream.metrics(proxy: name) }
        metrics += mirrorMetrics(await mirrors()) + [faultMetric]
        if let accessLog {
            let dropped = CollectedMetric.Series([("proxy", name)], .number(Double(accessLog.droppedLines)))
            metrics.append(CollectedMetric("outrigger_http_proxy_access_log_dropped_total", [dropped]))
        }
        return metrics
    }

    private func mirrorMetrics(_ mirrors: [MirrorSnapshot]) -> [CollectedMetric] {
        func metric(_ name: String, _ counts: (MirrorSnapshot) -> [(name: String, count: UInt64)]) -> CollectedMetric {
            CollectedMetric(
                name,
                mirrors.flatMap { mirror in
                    counts(mirror).map { outcome, count in
                        CollectedMetric.Series(
                            [("proxy", self.name), ("route", mirror.route), ("outcome", outcome)],
                            .number(Double(count)))
                    }
                })
        }
        return [
            metric("outrigger_http_proxy_mirrored_total", \.counters.outcomes),
            metric("outrigger_http_proxy_compared_total") { $0.report?.outcomes ?? [] },
            CollectedMetric(
                "outrigger_http_proxy_repeated_total",
                mirrors.compactMap { mirror in
                    mirror.report.map { report in
                        CollectedMetric.Series(
                            [("proxy", name), ("route", mirror.route)], .number(Double(report.repeated)))
                    }
                }),
        ]
    }

    private var faultMetric: CollectedMetric {
        CollectedMetric(
            "outrigger_http_proxy_faults_total",
            faults.map { route, fault, count in
                CollectedMetric.Series(
                    [("proxy", name), ("route", route), ("fault", fault)], .number(Double(count)))
            })
    }

    /// Gives a route other weights, for requests that begin from now on, until a configuration is read that has others
    /// for it than the one before.
    package func setSplit(route: String, weights: NamedTable<Int>) throws(SplitChangeError) {
        try change { old throws(SplitChangeError) in
            var overrides = old.overrides
            let changed = try old.configuration.settingSplit(route: route, weights: weights)
            overrides.set(weights, route: route, in: old.configuration)
            return HTTPProxyPlan(changed, upstreamTLS: old.upstreamTLS, overrides: overrides, after: old)
        }
    }

    /// Opens the access log's path again, as its file may have been moved away.
    package func reopenAccessLog() { accessLog?.reopen() }

    private func observed() async -> (HTTPProxyCounts, [UpstreamSnapshot]) {
        var counts = HTTPProxyCounts()
        var upstreams: [UpstreamSnapshot] = []
        let parts = await loops.ask { loop in
            let now = loop.now()
            return (counts: loop.counters.counts(), upstreams: loop.upstreams.map { $0.snapshot(now: now) })
        }
        for part in parts {
            counts += part.counts
            for upstream in part.upstreams {
                if let index = upstreams.firstIndex(where: { $0.name == upstream.name }) {
                    upstreams[index].add(upstream)
                } else {
                    upstreams.append(upstream)
                }
            }
        }
        return (counts, upstreams)
    }
}
