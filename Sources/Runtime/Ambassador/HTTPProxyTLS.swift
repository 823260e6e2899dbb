// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Logging
import Proxying

/// The two sides of an HTTP proxy's TLS.
struct HTTPProxyTLS: Sendable {
    /// What is spoken on a connection; HTTP/2 isn't, yet.
    private static let protocols = ["http/1.1"]

    /// Nil is plain.
    var clients: TLSServer?
    /// By the upstreams' names; what isn't here is plain.
    var upstreams: [String: TLSClient] = [:]

    /// Reads the files; what is wrong with them is thrown, with the places of their keys.
    init(
        _ proxy: HTTPProxyConfiguration, key: String, origin: @escaping @Sendable (String) -> SourceLocation?
    ) throws(Problems) {
        clients = try TLSServer(
            proxy.tls, TLSSource(key: key + ".tls", origin: origin), protocols: Self.protocols)
        upstreams = try Self.upstreams(proxy, key: key, origin: origin)
    }

    /// TLS towards the upstreams alone, which may change while running.
    ///
    /// - Parameter old: what there is; it stays where nothing else is written, so that its files go on being watched.
    static func upstreams(
        _ proxy: HTTPProxyConfiguration, key: String, keeping old: [String: TLSClient] = [:],
        origin: @escaping @Sendable (String) -> SourceLocation?
    ) throws(Problems) -> [String: TLSClient] {
        var upstreams: [String: TLSClient] = [:]
        for (name, upstream) in proxy.upstreams {
            if let kept = old[name], kept.configuration == upstream.tls {
                upstreams[name] = kept
                continue
            }
            let source = TLSSource(key: "\(key).upstreams.\(name).tls", origin: origin)
            upstreams[name] = try TLSClient(upstream.tls, source, protocols: Self.protocols)
        }
        return upstreams
    }

    /// What changes with its files.
    var fromFiles: [any TLSFromFiles] {
        [clients].compactMap(\.self) as [any TLSFromFiles] + Array(upstreams.values)
    }

    func report(to logger: Logger) {
        for tls in fromFiles { tls.report(to: logger) }
    }
}
