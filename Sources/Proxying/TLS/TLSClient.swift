// SPDX-License-Identifier: Apache-2.0

package import Core
package import Logging
package import NIOCore
import NIOSSL
import Synchronization
import Telemetry

/// TLS towards servers: made from its configuration's files, used for every connection.
///
/// When the files have changed, it is made anew by `reload`; connections that are open stay. Sessions aren't resumed:
/// NIOSSL keeps none for clients, so connections should be kept.
package final class TLSClient: TLSFromFiles {
    /// What it is made of.
    package let configuration: TLSClientConfiguration
    private let source: TLSSource
    private let protocols: [String]
    private let current: Mutex<Made>

    /// Nil if TLS is off.
    ///
    /// - Parameter protocols: what is offered by ALPN, in the order of preference.
    package init?(
        _ configuration: TLSClientConfiguration, _ source: TLSSource, protocols: [String] = [],
        at time: UTCTime = .now()
    ) throws(Problems) {
        guard configuration.enabled else {
            // Whoever names a file of TLS believes that it is on.
            if let name = configuration.givenName {
                throw Problems([source.problem("enabled", "found false, expected true because \(name) is given")])
            }
            return nil
        }
        let made = try Made(configuration, source, protocols, unless: nil, at: time)
        // Safe: it is nil only where there is one already.
        current = Mutex(made!)
        (self.configuration, self.source, self.protocols) = (configuration, source, protocols)
    }

    /// Puts TLS in front of whatever handlers a new channel gets after this.
    ///
    /// - Parameter host: of the server's address; its name, if the configuration doesn't say another.
    /// - Returns: Whether the handshake succeeded; fails with a `TLSFailure`, and then the channel is closed.
    package func secure(
        _ channel: any Channel, host: String, within timeout: TimeAmount
    ) throws -> EventLoopFuture<Void> {
        let name = configuration.serverName ?? Self.serverName(ofHost: host)
        let context = current.withLock { $0.context }
        let promise = channel.eventLoop.makePromise(of: Void.self)
        do {
            try channel.pipeline.syncOperations.addHandlers([
                NIOSSLClientHandler(context: context, serverHostname: name),
                TLSHandshake(name: name ?? host, timeout: timeout, promise),
            ])
        } catch {
            promise.fail(error)
            throw error
        }
        (channel as? EpollChannel)?.changesBytes = true
        return promise.futureResult
    }

    /// The name that certificates may have; nil for an IP address, which is compared with the one that is connected to.
    private static func serverName(ofHost host: String) -> String? {
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        return isAddress(name) ? nil : name
    }

    private static func isAddress(_ host: String) -> Bool {
        host.contains(":") || (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    /// Whether a certificate can have the name.
    package static func isServerName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && !isAddress(text)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
    }
}

extension TLSClientConfiguration {
    /// A key that says nothing unless TLS is on, if one is given.
    fileprivate var givenName: String? {
        if certificate != nil { return "certificate" }
        if key != nil { return "key" }
        if ca != nil { return "ca" }
        if serverName != nil { return "server-name" }
        return verify == .full ? nil : "verify"
    }
}

extension TLSClient {
    package var key: String { source.key }

    package var files: [String] { [configuration.certificate, configuration.key, configuration.ca].filePaths }

    package func reload(at time: UTCTime) throws(Problems) -> Bool {
        let old = current.withLock { $0 }
        guard let new = try Made(configuration, source, protocols, unless: old, at: time) else { return false }
        current.withLock { $0 = new }
        return true
    }

    package func report(to logger: Logger) {
        if configuration.verify == .none { logger.emit(.tlsUnverified(key: key)) }
        current.withLock { $0.identity }?.report(to: logger)
    }

    /// What is in the files, and what has been made of it.
    private struct Made: Sendable {
        var identity: TLSIdentity?
        var authorities: [NIOSSLCertificate]?
        var context: NIOSSLContext

        /// Nil if it would be the same as the old one.
        init?(
            _ configuration: TLSClientConfiguration, _ source: TLSSource, _ protocols: [String], unless old: Made?,
            at time: UTCTime
        ) throws(Problems) {
            identity = try TLSIdentity(
                certificate: configuration.certificate, key: configuration.key, source, at: time)
            authorities = try TLSAuthorities.read(configuration.ca, source, at: time)
            if let old, old.identity == identity, old.authorities == authorities { return nil }
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.applyPolicy(protocols: protocols)
            tls.certificateVerification =
                switch configuration.verify {
                case .full: .fullVerification
                case .ca: .noHostnameVerification
                case .none: .none
                }
            if let authorities { tls.trustRoots = .certificates(authorities) }
            if let identity {
                tls.certificateChain = identity.chain.map { .certificate($0) }
                tls.privateKey = .privateKey(identity.key)
            }
            context = try tls.context(of: identity, source)
        }
    }
}
