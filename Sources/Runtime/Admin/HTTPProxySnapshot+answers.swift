// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Proxying

/// Proxies as lines for people.
extension HTTPProxySnapshot {
    var routesText: String {
        let heading = "\(name): \(isTLS ? "https" : "http") on \(listen), \(counts.clients.open) clients, "
        return heading + "\(counts.inFlight) requests in flight\n" + routeTable.text + "\n" + upstreamTable.text
    }

    private var routeTable: TextTable {
        var table = TextTable([
            ("ROUTE", .left), ("MATCH", .left), ("TO", .left), ("WEIGHT", .right), ("SHARE", .right),
            ("MEASURED", .right), ("REQUESTS", .right), ("5XX", .right),
        ])
        for route in routes {
            var beginning = [route.name, route.match]
            func add(_ cells: [String]) {
                table.add(beginning + cells)
                beginning = ["", ""]
            }
            if let answer = route.answer { add([answer, "", "", "", "\(route.requests)", ""]) }
            for share in route.shares {
                add([
                    share.upstream, "\(share.weight)", Self.percent(share.wanted),
                    share.measured.map(Self.percent) ?? "-", "\(share.requests)", "\(share.failures)",
                ])
            }
            if let written = route.written {
                let weights = written.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
                add(["(set while running; configured: \(weights))", "", "", "", "", ""])
            }
            if let mirror = route.mirror {
                let compared = mirror.isCompared ? ", compared" : ""
                add(["\(mirror.upstream) (copies\(compared))", "", Self.percent(mirror.percent / 100), "", "", ""])
            }
            if !route.faults.isEmpty {
                add(["faults: " + route.faults.joined(separator: ", "), "", "", "", "", ""])
            }
        }
        return table
    }

    private var upstreamTable: TextTable {
        var table = TextTable([
            ("UPSTREAM", .left), ("ENDPOINT", .left), ("STATE", .left), ("SHARE", .right), ("CONNECTIONS", .right),
            ("IN FLIGHT", .right), ("REQUESTS", .right), ("FAILURES", .right), ("EJECTIONS", .right),
        ])
        for upstream in upstreams {
            var name = upstream.name
            for endpoint in upstream.endpoints {
                table.add([
                    name, endpoint.called, endpoint.state, Self.percent(endpoint.share), "\(endpoint.connections)",
                    "\(endpoint.inFlight)", "\(endpoint.counters.requests)", "\(endpoint.counters.failures)",
                    "\(endpoint.counters.ejections)",
                ])
                name = ""
            }
            if upstream.endpoints.isEmpty { table.add([name, "none", "no address", "", "", "", "", "", ""]) }
        }
        return table
    }

    var comparisonsText: String {
        guard !comparisons.isEmpty else { return "\(name): no route has a mirror that is compared\n" }
        return comparisons.map { route, report in
            var table = TextTable(ComparisonReport.headings.map { (title: $0, alignment: .left) })
            for row in report.rows { table.add(row) }
            return "\(name) \(route): \(report.summary)\n" + table.text
        }.joined(separator: "\n")
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }
}

extension UpstreamSnapshot.Endpoint {
    /// Its address, and what is written in the file where that is a name.
    fileprivate var called: String { configured == address ? address : "\(configured) (\(address))" }

    fileprivate var state: String {
        if !isHealthy { return "unhealthy" }
        guard isEjected else { return "healthy" }
        return "ejected for \(max(1, ejectedFor / 1_000_000_000)) s"
    }
}
