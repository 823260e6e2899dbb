// SPDX-License-Identifier: Apache-2.0

import AppInvocation
import Core
import NIOCore
import Proxying
import Synchronization

/// The connections of an invoker: to sidecars, to servers by their URL, and to endpoints by their name.
final class InvokedServers: Sendable {
    /// What may share connections. Those with different certificates never do.
    enum Key: Hashable {
        case plain(ListenAddress)
        /// With TLS as the system trusts it.
        case secure(ListenAddress)
        case endpoint(String)
    }

    let endpoints: [String: HTTPEndpoint]
    private let eventLoopGroup: EpollEventLoopGroup
    private let upstreams = UpstreamCache<Key, HTTPUpstream> { $0.closeIdle() }
    /// Made when the first `https://` URL is called, because it reads all of the system's authorities.
    private let tls = Mutex<TLSClient?>(nil)

    init(_ endpoints: [HTTPEndpoint], eventLoopGroup: EpollEventLoopGroup) {
        self.endpoints = Dictionary(endpoints.map { ($0.name, $0) }) { first, _ in first }
        self.eventLoopGroup = eventLoopGroup
    }

    func sidecar(_ address: ListenAddress) -> HTTPUpstream { upstream(.plain(address), address, nil) }

    func server(_ url: ServerURL) async throws(Problems) -> HTTPUpstream {
        guard url.isSecure else { return upstream(.plain(url.address), url.address, nil) }
        return upstream(.secure(url.address), url.address, try await systemTLS())
    }

    func endpoint(_ endpoint: HTTPEndpoint) -> HTTPUpstream {
        upstream(.endpoint(endpoint.name), endpoint.url.address, endpoint.tls)
    }

    private func systemTLS() async throws(Problems) -> TLSClient? {
        if let made = tls.withLock({ $0 }) { return made }
        let made = try await withTaskExecutorPreference(globalConcurrentExecutor) {
            () async throws(Problems) in
            try TLSClient(
                TLSClientConfiguration(enabled: true), TLSSource(key: "tls") { _ in nil }, protocols: ["http/1.1"])
        }
        tls.withLock { $0 = made }
        return made
    }

    private func upstream(_ key: Key, _ address: ListenAddress, _ tls: TLSClient?) -> HTTPUpstream {
        upstreams.upstream(key) { HTTPUpstream(address: address, tls: tls, eventLoopGroup: eventLoopGroup) }
    }
}
