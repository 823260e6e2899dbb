// SPDX-License-Identifier: Apache-2.0

internal import Ambassador
internal import Core
internal import Proxying
internal import Settings
internal import Sidecar

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

    /// Checks what is to speak HTTPS for the app.
    mutating func checkHTTPS() {
        let configuration = loaded.configuration
        let https = configuration.https
        guard https.listen != nil else {
            if https.redirect != nil {
                add("https", "listen", "found nothing, expected a port because https.redirect is given (--https PORT)")
            }
            return
        }
        if configuration.app.port == nil {
            add("app", "port", "found nothing, expected the app's port (-p PORT) because https.listen is given")
        }
        for name in [HTTPSConfiguration.proxyName, HTTPSConfiguration.redirectName]
        where configuration.ambassador.http[name] != nil {
            add("ambassador.http", name, "found a proxy of the name that https.listen makes one of; expected another")
        }
        var tls = https.tls
        // It is made at the start, and nothing can be wrong with it.
        if tls.certificate == nil, tls.key == nil, tls.certificates.isEmpty { tls = TLSServerConfiguration() }
        checkTLS(tls, under: "https")
    }

    private mutating func checkTLS(_ tls: TLSServerConfiguration, under key: String) {
        do throws(Problems) {
            _ = try TLSServer(tls, TLSSource(key: key + ".tls") { [loaded] in Self.location(of: $0, in: loaded) })
        } catch {
            all += error.all
        }
    }

    private mutating func checkTLS(_ proxy: HTTPProxyConfiguration, under key: String) {
        let origin: @Sendable (String) -> SourceLocation? = { [loaded] in Self.location(of: $0, in: loaded) }
        var tls = proxy.tls
        if tls.needsCertificate { tls = TLSServerConfiguration() }
        checkTLS(tls, under: key)
        for (name, upstream) in proxy.upstreams {
            do throws(Problems) {
                _ = try TLSClient(upstream.tls, TLSSource(key: "\(key).upstreams.\(name).tls", origin: origin))
            } catch {
                all += error.all
            }
        }
    }
}
