// SPDX-License-Identifier: Apache-2.0

internal import Ambassador
internal import Core
internal import Proxying
internal import Settings
internal import Sidecar

extension AmbassadorProblems {
    /// Checks one HTTP proxy: where it listens, what its settings say together, and its servers' addresses.
    mutating func check(_ proxy: HTTPProxyConfiguration, under key: String) {
        checkListener(proxy.listen, under: key)
        for mistake in proxy.mistakes { add(key, mistake.key, mistake.message) }
        for (name, upstream) in proxy.upstreams {
            for server in upstream.servers.names {
                let server = "\(key).upstreams.\(name).servers.\(server)"
                guard loaded.origins[server] == nil, loaded.origins[server + ".address"] == nil else { continue }
                add(server, "address", "found nothing, expected HOST:PORT, such as web-v2:8080")
            }
        }
    }

    /// Checks what is to speak HTTPS for the app.
    mutating func checkHTTPS() {
        let configuration = loaded.configuration
        let https = configuration.https
        guard let listen = https.listen else {
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
        checkListener(.network(listen.address), under: "https")
        if let redirect = https.redirect { checkListener(.network(redirect.address), under: "https", "redirect") }
    }

    /// Reads the certificates of both sides.
    mutating func checkTLS(_ proxy: HTTPProxyConfiguration, under key: String) {
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
