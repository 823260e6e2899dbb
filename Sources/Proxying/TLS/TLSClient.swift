// SPDX-License-Identifier: Apache-2.0

package import Core
package import Logging
package import NIOCore
import NIOSSL
import Telemetry

/// TLS towards servers: made once from its configuration, used for every connection.
package struct TLSClient: Sendable {
    private let context: NIOSSLContext
    private let configuration: TLSClientConfiguration
    private let expires: UTCTime?

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
        let identity = try TLSIdentity(
            certificate: configuration.certificate, key: configuration.key, source, at: time)
        let authorities = try TLSAuthorities.read(configuration.ca, source, at: time)
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
        self.configuration = configuration
        expires = identity?.expires
    }

    /// Puts TLS in front of whatever handlers a new channel gets after this; called by its initializer.
    ///
    /// - Parameter host: of the server's address; its name, if the configuration doesn't say another.
    /// - Returns: Whether the handshake succeeded; fails with a `TLSFailure`, and then the channel is closed.
    package func secure(
        _ channel: any Channel, host: String, within timeout: TimeAmount
    ) throws -> EventLoopFuture<Void> {
        let name = configuration.serverName ?? Self.serverName(ofHost: host)
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
        return promise.futureResult
    }

    /// Says at the start what somebody should know of these connections.
    package func report(key: String, to logger: Logger) {
        if configuration.verify == .none { logger.emit(.tlsUnverified(key: key)) }
        if let expires, let path = configuration.certificate { logger.report(path, expires) }
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
    static func isServerName(_ text: String) -> Bool {
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

extension Logger {
    /// A certificate with less than this left is said to be near its end.
    private static let certificateSecondsLeft: Int64 = 14 * 86_400

    func report(_ path: String, _ expires: UTCTime) {
        guard expires.seconds - UTCTime.now().seconds < Self.certificateSecondsLeft else { return }
        emit(.certificateExpiring(path: path, at: expires.rfc3339))
    }
}
