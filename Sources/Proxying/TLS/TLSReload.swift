// SPDX-License-Identifier: Apache-2.0

import Core
import CoreMetrics
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

    private let all: @Sendable () -> [any TLSFromFiles]
    private let atFirst: [any TLSFromFiles]
    private let files: FileWatch?
    private let logger: Logger
    private let applied = Self.counter("applied")
    private let refused = Self.counter("refused")
    private let requests = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// What happens to the files from now on counts.
    ///
    /// - Parameter all: what there is now; a changed configuration may bring other files. Whoever changes it calls
    ///   `request`.
    package init(of all: @escaping @Sendable () -> [any TLSFromFiles], logger: Logger) {
        self.all = all
        self.logger = logger
        atFirst = all()
        files = Self.watch(atFirst)
    }

    /// Has the files read again, whether or not one has changed, and watches those that there are by now.
    package func request() { requests.continuation.yield() }

    package func run() async throws {
        var watched = atFirst.flatMap(\.files)
        var watching = files.map(look)
        defer { watching?.cancel() }
        for await _ in requests.stream.cancelOnGracefulShutdown() {
            let all = self.all()
            if all.flatMap(\.files) != watched {
                // Before they are read: what changes in between is noticed once more, not never.
                watched = all.flatMap(\.files)
                watching?.cancel()
                watching = Self.watch(all).map(look)
            }
            for tls in all where !tls.files.isEmpty { reload(tls) }
        }
    }

    /// Nil if there are no files.
    private static func watch(_ all: [any TLSFromFiles]) -> FileWatch? {
        let files = all.flatMap(\.files)
        return files.isEmpty ? nil : FileWatch(files, quiet: quiet)
    }

    private func look(at files: FileWatch) -> Task<Void, Never> { Task { await files.run { request() } } }

    private func reload(_ tls: any TLSFromFiles) {
        do throws(Problems) {
            guard try tls.reload(at: .now()) else { return }
        } catch {
            refused.increment()
            for problem in error.all { logger.emit(.tlsRefused(problem)) }
            return logger.emit(.tlsKept(key: tls.key))
        }
        applied.increment()
        logger.emit(.tlsReloaded(key: tls.key))
        tls.report(to: logger)
    }

    private static func counter(_ result: String) -> Counter {
        Counter(label: "outrigger_tls_reloads_total", dimensions: [("result", result)])
    }
}
