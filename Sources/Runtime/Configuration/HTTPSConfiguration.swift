// SPDX-License-Identifier: Apache-2.0

package import Ambassador
internal import Core
internal import Glibc
package import Proxying
internal import Sidecar

/// HTTPS in front of the app: an HTTP proxy of the ambassador with the app as its one server.
package struct HTTPSConfiguration: Sendable, Equatable {
    /// Nil: no HTTPS.
    package var listen: HTTPSAddress? = nil
    /// Clients who come here without TLS are sent to `listen`.
    package var redirect: HTTPSAddress? = nil
    /// Without a certificate one is made for development.
    package var tls = TLSServerConfiguration()
    package var hsts = HSTSConfiguration()

    package init() {}

    /// Where it is written.
    static let key = "https"
    /// What the proxies are called that are made of this.
    static let proxyName = "https"
    static let redirectName = "http-redirect"
}

/// A port on all addresses, or one address with its port.
package struct HTTPSAddress: Sendable, Hashable, CustomStringConvertible {
    /// Nil: all.
    package var host: String?
    package var port: Int

    /// Reads `8443` or `127.0.0.1:8443`.
    package init?(text: String) {
        if let port = UInt16(text) {
            (host, self.port) = (nil, Int(port))
        } else if let address = ListenAddress(text: text) {
            (host, port) = (address.host, address.port)
        } else {
            return nil
        }
    }

    package var description: String {
        host.map { ListenAddress(host: $0, port: port).description } ?? "\(port)"
    }

    /// All addresses of IPv6 are those of IPv4, too, where there is IPv6 at all.
    var address: ListenAddress {
        ListenAddress(host: host ?? (access("/proc/net/if_inet6", F_OK) == 0 ? "::" : "0.0.0.0"), port: port)
    }
}

extension Configuration {
    /// The ambassador with what `https` adds to it.
    var wholeAmbassador: AmbassadorConfiguration {
        guard let listen = https.listen else { return ambassador }
        var ambassador = ambassador
        var proxy = HTTPProxyConfiguration()
        proxy.key = HTTPSConfiguration.key
        proxy.listen = .network(listen.address)
        proxy.tls = https.tls
        proxy.tls.selfSigned = proxy.tls.certificate == nil && proxy.tls.certificates.isEmpty
        proxy.hsts = https.hsts
        var upstream = UpstreamConfiguration()
        upstream.servers["app"] = app.port.map { port in
            UpstreamServerConfiguration(address: .network(host: app.address, port: port))
        }
        // The app is one; leaving it alone would help nobody.
        upstream.ejection.enabled = false
        proxy.upstreams["app"] = upstream
        var route = RouteConfiguration()
        route.to = "app"
        proxy.routes["app"] = route
        ambassador.http[HTTPSConfiguration.proxyName] = proxy
        if let redirect = https.redirect {
            var plain = HTTPProxyConfiguration()
            plain.key = HTTPSConfiguration.key
            plain.listen = .network(redirect.address)
            plain.redirectToHTTPS = listen.port
            ambassador.http[HTTPSConfiguration.redirectName] = plain
        }
        return ambassador
    }
}

extension AmbassadorConfiguration {
    /// The key under which a proxy's settings are, wherever they were written.
    func key(ofProxy name: String) -> String { http[name]?.key ?? "ambassador.http.\(name)" }
}
