// SPDX-License-Identifier: Apache-2.0

package import Core
package import Logging
package import NIOCore
import NIOSSL
import Synchronization
import Telemetry

/// TLS of a listener: made from its configuration's files, used for every connection.
///
/// When the files have changed, it is made anew by `reload`, and whoever connects from then on sees the new
/// certificates. Clients that have been here before resume their session with a ticket, in TLS 1.2 and 1.3. BoringSSL
/// changes the tickets' key every two days, and a reload that changes anything begins with a new one.
package final class TLSServer: TLSFromFiles {
    private let configuration: TLSServerConfiguration
    private let source: TLSSource
    private let protocols: [String]
    private let current: Mutex<Made>

    private struct Made {
        var parts: TLSServerParts
        var context: NIOSSLContext
    }

    /// Nil if the listener is plain.
    ///
    /// - Parameter protocols: what ALPN may agree on, in the order of preference.
    package init?(
        _ configuration: TLSServerConfiguration, _ source: TLSSource, protocols: [String] = [],
        at time: UTCTime = .now()
    ) throws(Problems) {
        guard let parts = try TLSServerParts(configuration, source, at: time) else { return nil }
        let context = try parts.context(configuration, source, protocols)
        (self.configuration, self.source, self.protocols) = (configuration, source, protocols)
        current = Mutex(Made(parts: parts, context: context))
    }

    /// Puts TLS in front of whatever handlers an accepted channel gets after this; called by its initializer.
    ///
    /// A client that hasn't finished the handshake in time is let go, as is one that fails it.
    ///
    /// - Returns: Whether the handshake succeeded; fails with a `TLSFailure`. It needn't be looked at.
    @discardableResult
    package func secure(_ channel: any Channel, within timeout: TimeAmount) throws -> EventLoopFuture<Void> {
        let context = current.withLock { $0.context }
        let promise = channel.eventLoop.makePromise(of: Void.self)
        do {
            try channel.pipeline.syncOperations.addHandlers([
                NIOSSLServerHandler(context: context), TLSHandshake(name: nil, timeout: timeout, promise),
            ])
        } catch {
            promise.fail(error)
            throw error
        }
        (channel as? EpollChannel)?.changesBytes = true
        return promise.futureResult
    }

    /// When the first of its certificates ends.
    package var expires: UTCTime {
        // Safe: there is always a certificate.
        current.withLock { $0.parts.identities.map(\.expires).min()! }
    }

    // MARK: - TLSFromFiles

    package var key: String { source.key }

    package var files: [String] {
        [configuration.certificate, configuration.key, configuration.ca].filePaths
            + configuration.certificates.flatMap { [$0.value.certificate, $0.value.key].filePaths }
    }

    package func reload(at time: UTCTime) throws(Problems) -> Bool {
        guard let parts = try TLSServerParts(configuration, source, at: time) else { return false }
        // A new context would forget the tickets that clients have.
        guard parts != current.withLock({ $0.parts }) else { return false }
        let context = try parts.context(configuration, source, protocols)
        current.withLock { $0 = Made(parts: parts, context: context) }
        return true
    }

    package func report(to logger: Logger) {
        for identity in current.withLock({ $0.parts.identities }) { identity.report(to: logger) }
    }
}
