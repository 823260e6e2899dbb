// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import ServiceLifecycle
import Settings
import Telemetry

/// Reads the configuration again when one of its files has changed or somebody asks, and has what changes while running
/// taken over.
///
/// What is wrong is said, and then nothing changes; what waits for a restart is named.
struct ConfigurationReload: Service {
    /// How long the files must have been left alone: who writes several isn't read halfway.
    private static let quiet = Duration.milliseconds(300)

    private let files: [String]
    private let current: Configuration
    private let logger: Logger
    private let read: @Sendable () throws(Problems) -> Configuration
    private let apply: @Sendable (Configuration) -> Void
    private let requests = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(
        files: [String], current: Configuration, logger: Logger,
        read: @escaping @Sendable () throws(Problems) -> Configuration,
        apply: @escaping @Sendable (Configuration) -> Void
    ) {
        self.files = files
        self.current = current
        self.logger = logger
        self.read = read
        self.apply = apply
    }

    init(_ invocation: Invocation, for ambassador: AmbassadorService, logger: Logger) {
        self.init(
            files: invocation.files, current: invocation.loaded.configuration, logger: logger,
            read: { () throws(Problems) in try invocation.readAgain().loaded.configuration },
            apply: { ambassador.apply($0.wholeAmbassador) })
    }

    /// Has the configuration read again, whether or not a file has changed.
    func request() { requests.continuation.yield() }

    func run() async throws {
        let watching = Task { await FileWatch(files, quiet: Self.quiet).run { request() } }
        defer { watching.cancel() }
        var current = current
        for await _ in requests.stream.cancelOnGracefulShutdown() { reload(&current) }
    }

    private func reload(_ current: inout Configuration) {
        let new: Configuration
        do throws(Problems) {
            new = try read()
        } catch {
            for problem in error.all { logger.emit(.configurationRefused(problem)) }
            return logger.emit(.configurationKept(problems: error.all.count))
        }
        let changes = Configuration.settings.reload(&current, with: new)
        if changes.isEmpty { return logger.emit(.configurationUnchanged()) }
        if !changes.waiting.isEmpty { logger.emit(.configurationWaits(changes.waiting)) }
        guard !changes.applied.isEmpty else { return }
        apply(current)
        logger.emit(.configurationReloaded(changes.applied))
    }
}
