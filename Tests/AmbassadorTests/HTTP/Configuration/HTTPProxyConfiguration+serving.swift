// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying

@testable import Ambassador

extension HTTPProxyConfiguration {
    /// A proxy with these upstreams, each with one server, and without routes.
    static func serving(_ upstreams: [String]) -> HTTPProxyConfiguration {
        var proxy = HTTPProxyConfiguration()
        for name in upstreams {
            var upstream = UpstreamConfiguration()
            upstream.servers = ["a": UpstreamServerConfiguration(address: .network(host: "127.0.0.1", port: 1))]
            proxy.upstreams[name] = upstream
        }
        return proxy
    }
}
