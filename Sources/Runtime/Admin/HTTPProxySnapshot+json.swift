// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Proxying

/// Proxies as JSON.
extension AdminResponse {
    static func routes(_ snapshots: [HTTPProxySnapshot]) -> AdminResponse {
        proxies(snapshots) { $0.writeRoutes(to: &$1) }
    }

    static func comparisons(_ snapshots: [HTTPProxySnapshot]) -> AdminResponse {
        proxies(snapshots) { $0.writeComparisons(to: &$1) }
    }

    private static func proxies(
        _ snapshots: [HTTPProxySnapshot], _ write: (HTTPProxySnapshot, inout JSONWriter) -> Void
    ) -> AdminResponse {
        var json = JSONWriter(capacity: 4096)
        json.beginObject()
        json.key("proxies")
        json.array(snapshots) { snapshot, json in
            json.field("name", snapshot.name)
            write(snapshot, &json)
        }
        json.endObject()
        return .json(json.bytes + [UInt8(ascii: "\n")])
    }
}

extension HTTPProxySnapshot {
    fileprivate func writeRoutes(to json: inout JSONWriter) {
        json.field("listen", listen)
        json.field("tls", isTLS)
        json.key("clients")
        json.beginObject()
        json.field("open", counts.clients.open)
        json.field("accepted", Int(counts.clients.accepted))
        json.field("refused", Int(counts.clients.refused))
        json.endObject()
        json.field("inFlight", counts.inFlight)
        json.key("routes")
        json.array(routes) { $0.write(to: &$1) }
        json.key("upstreams")
        json.array(upstreams) { $0.write(to: &$1) }
    }

    fileprivate func writeComparisons(to json: inout JSONWriter) {
        json.key("comparisons")
        json.array(comparisons.map { $0 }) { element, json in
            json.field("route", element.name)
            element.value.write(to: &json)
        }
    }
}

extension HTTPProxySnapshot.Route {
    fileprivate func write(to json: inout JSONWriter) {
        json.field("name", name)
        json.field("match", match)
        if let answer { json.field("answer", answer) }
        json.field("requests", Int(requests))
        json.key("to")
        json.array(shares) { share, json in
            json.field("upstream", share.upstream)
            json.field("weight", share.weight)
            json.field("share", share.wanted)
            if let measured = share.measured { json.field("measured", measured) }
            json.field("requests", Int(share.requests))
            json.field("failures", Int(share.failures))
        }
        if let written {
            // The weights in the configuration, which don't count now.
            json.key("configuredWeights")
            json.beginObject()
            for (upstream, weight) in written { json.field(upstream, weight) }
            json.endObject()
        }
        if let mirror {
            json.key("mirror")
            json.beginObject()
            json.field("upstream", mirror.upstream)
            json.field("percent", mirror.percent)
            json.field("compare", mirror.isCompared)
            json.endObject()
        }
        guard !faults.isEmpty else { return }
        json.key("faults")
        json.beginArray()
        for fault in faults { json.string(fault) }
        json.endArray()
    }
}

extension UpstreamSnapshot {
    fileprivate func write(to json: inout JSONWriter) {
        json.field("name", name)
        json.field("balance", balance.rawValue)
        json.field("panics", isPanicking)
        json.field("pending", endpoints.reduce(0) { $0 + $1.waiting })
        json.key("endpoints")
        json.array(endpoints) { endpoint, json in
            json.field("server", endpoint.server)
            json.field("configured", endpoint.configured)
            json.field("address", endpoint.address)
            json.field("weight", endpoint.weight)
            json.field("share", endpoint.share)
            json.field("healthy", endpoint.isHealthy)
            json.field("ejected", endpoint.isEjected)
            if endpoint.isEjected { json.field("ejectedSeconds", Double(endpoint.ejectedFor) / 1e9) }
            json.field("inFlight", endpoint.inFlight)
            json.field("connections", endpoint.connections)
            json.field("requests", Int(endpoint.counters.requests))
            json.field("retries", Int(endpoint.counters.retries))
            json.field("failures", Int(endpoint.counters.failures))
            json.field("timeouts", Int(endpoint.counters.timeouts))
            json.field("ejections", Int(endpoint.counters.ejections))
            if endpoint.latency > 0 { json.field("latencySeconds", endpoint.latency / 1e9) }
        }
    }
}

extension JSONWriter {
    /// An array of objects, whose members `write` writes.
    fileprivate mutating func array<Element>(_ elements: [Element], _ write: (Element, inout JSONWriter) -> Void) {
        beginArray()
        for element in elements {
            beginObject()
            write(element, &self)
            endObject()
        }
        endArray()
    }
}
