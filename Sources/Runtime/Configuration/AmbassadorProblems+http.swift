// SPDX-License-Identifier: Apache-2.0

internal import Ambassador
internal import Core
internal import Proxying
internal import Settings

extension AmbassadorProblems {
    /// Checks one HTTP proxy: what its settings say together, its servers' addresses, and its certificates.
    mutating func check(_ proxy: HTTPProxyConfiguration, under key: String) {
        for mistake in proxy.mistakes { add(key, mistake.key, mistake.message) }
        for (name, upstream) in proxy.upstreams {
            for server in upstream.servers.names {
                let server = "\(key).upstreams.\(name).servers.\(server)"
                guard loaded.origins[server] == nil, loaded.origins[server + ".address"] == nil else { continue }
                add(server, "address", "found nothing, expected HOST:PORT, such as web-v2:8080")
            }
        }
        checkTLS(proxy, under: key)
    }

    private mutating func checkTLS(_ proxy: HTTPProxyConfiguration, under key: String) {
        let origin: @Sendable (String) -> SourceLocation? = { [loaded] in Self.location(of: $0, in: loaded) }
        do throws(Problems) {
            _ = try TLSServer(proxy.tls, TLSSource(key: key + ".tls", origin: origin))
        } catch {
            all += error.all
        }
        for (name, upstream) in proxy.upstreams {
            do throws(Problems) {
                _ = try TLSClient(upstream.tls, TLSSource(key: "\(key).upstreams.\(name).tls", origin: origin))
            } catch {
                all += error.all
            }
        }
    }
}
