// SPDX-License-Identifier: Apache-2.0

package import Core
package import Logging
package import NIOCore
import NIOSSL
import Telemetry

/// TLS of a listener: made once from its configuration, used for every connection.
package struct TLSServer: Sendable {
    private let context: NIOSSLContext
    private let configuration: TLSServerConfiguration
    private let expires: UTCTime

    /// Nil if the listener is plain.
    ///
    /// - Parameter protocols: what ALPN may agree on, in the order of preference.
    package init?(
        _ configuration: TLSServerConfiguration, _ source: TLSSource, protocols: [String] = [],
        at time: UTCTime = .now()
    ) throws(Problems) {
        let identity = try TLSIdentity(
            certificate: configuration.certificate, key: configuration.key, source, at: time)
        guard let identity else {
            if configuration.ca != nil {
                let message = "found nothing, expected the listener's certificate because ca is given"
                throw Problems([source.problem("certificate", message)])
            }
            return nil
        }
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: identity.chain.map { .certificate($0) }, privateKey: .privateKey(identity.key))
        tls.applyPolicy(protocols: protocols)
        if let authorities = try TLSAuthorities.read(configuration.ca, source, at: time) {
            tls.trustRoots = .certificates(authorities)
            // Names of clients mean nothing here: whom the authorities signed for, they let in.
            tls.certificateVerification = .noHostnameVerification
            tls.sendCANameList = true
        }
        context = try tls.context(of: identity, source)
        self.configuration = configuration
        expires = identity.expires
    }

    /// Puts TLS in front of whatever handlers an accepted channel gets after this; called by its initializer.
    ///
    /// A client that hasn't finished the handshake in time is let go, as is one that fails it.
    ///
    /// - Returns: Whether the handshake succeeded; fails with a `TLSFailure`. It needn't be looked at.
    @discardableResult
    package func secure(_ channel: any Channel, within timeout: TimeAmount) throws -> EventLoopFuture<Void> {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        do {
            try channel.pipeline.syncOperations.addHandlers([
                NIOSSLServerHandler(context: context), TLSHandshake(name: nil, timeout: timeout, promise),
            ])
        } catch {
            promise.fail(error)
            throw error
        }
        return promise.futureResult
    }

    /// Says at the start what somebody should know of these connections.
    package func report(to logger: Logger) {
        if let path = configuration.certificate { logger.report(path, expires) }
    }
}
