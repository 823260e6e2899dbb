// SPDX-License-Identifier: Apache-2.0

import Core
package import Logging
import ServiceLifecycle
import Telemetry

/// Has TLS made anew when one of its files has changed or somebody asks, and says so.
///
/// Whoever renews a certificate writes two files, one after the other. Both are read once neither has changed for a
/// while; if they don't fit each other then, the old pair stays until they do.
package struct TLSReload: Service {
    /// How long the files must have been left alone.
    private static let quiet = Duration.milliseconds(500)

    private let watched: [any TLSFromFiles]
    private let files: FileWatch
    private let logger: Logger
    private let requests = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// What happens to the files from now on counts.
    ///
    /// Nil if there are no files.
    package init?(of all: [any TLSFromFiles], logger: Logger) {
        watched = all.filter { !$0.files.isEmpty }
        if watched.isEmpty { return nil }
        self.logger = logger
        files = FileWatch(watched.flatMap(\.files), quiet: Self.quiet)
    }

    /// Has the files read again, whether or not one has changed.
    package func request() { requests.continuation.yield() }

    package func run() async throws {
        let watching = Task { await files.run { request() } }
        defer { watching.cancel() }
        for await _ in requests.stream.cancelOnGracefulShutdown() {
            for tls in watched { reload(tls) }
        }
    }

    private func reload(_ tls: any TLSFromFiles) {
        do throws(Problems) {
            guard try tls.reload(at: .now()) else { return }
        } catch {
            for problem in error.all { logger.emit(.tlsRefused(problem)) }
            return logger.emit(.tlsKept(key: tls.key))
        }
        logger.emit(.tlsReloaded(key: tls.key))
        tls.report(to: logger)
    }
}
