// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import Metrics
import ServiceLifecycle
import Settings
import Telemetry

/// Reads the configuration again when one of its files has changed or somebody asks, and has what changes while running
/// taken over.
///
/// What is wrong is said, and then nothing changes; what waits for a restart is named. A metric counts how each went.
struct ConfigurationReload: Service {
    /// How long the files must have been left alone: who writes several isn't read halfway.
    private static let quiet = Duration.milliseconds(300)

    private let files: [String]
    private let current: Configuration
    private let logger: Logger
    private let read: @Sendable () throws(Problems) -> Configuration
    private let apply: @Sendable (Configuration) throws(Problems) -> Void
    private let metrics = ReloadMetrics()
    private let requests = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(
        files: [String], current: Configuration, logger: Logger,
        read: @escaping @Sendable () throws(Problems) -> Configuration,
        apply: @escaping @Sendable (Configuration) throws(Problems) -> Void
    ) {
        self.files = files
        self.current = current
        self.logger = logger
        self.read = read
        self.apply = apply
    }

    /// - Parameter applied: called when the ambassador follows another configuration.
    init(
        _ invocation: Invocation, for ambassador: AmbassadorService, logger: Logger,
        applied: @escaping @Sendable () -> Void
    ) {
        self.init(
            files: invocation.files, current: invocation.loaded.configuration, logger: logger,
            read: { () throws(Problems) in try invocation.readAgain().loaded.configuration },
            apply: { configuration throws(Problems) in
                try ambassador.apply(configuration.wholeAmbassador)
                applied()
            })
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
        var next = current
        let changes: SettingChanges
        do throws(Problems) {
            changes = Configuration.settings.reload(&next, with: try read())
            if !changes.applied.isEmpty { try apply(next) }
        } catch {
            metrics.refused.increment()
            for problem in error.all { logger.emit(.configurationRefused(problem)) }
            return logger.emit(.configurationKept(problems: error.all.count))
        }
        current = next
        if !changes.waiting.isEmpty { logger.emit(.configurationWaits(changes.waiting)) }
        if !changes.applied.isEmpty {
            metrics.applied.increment()
            logger.emit(.configurationReloaded(changes.applied))
        } else if !changes.waiting.isEmpty {
            metrics.waiting.increment()
        } else {
            metrics.unchanged.increment()
            logger.emit(.configurationUnchanged())
        }
    }
}

/// How often the configuration was read again, by what came of it.
private struct ReloadMetrics: Sendable {
    let applied = Self.counter("applied")
    let refused = Self.counter("refused")
    let unchanged = Self.counter("unchanged")
    let waiting = Self.counter("waiting")

    private static func counter(_ result: String) -> Counter {
        Counter(label: "outrigger_config_reloads_total", dimensions: [("result", result)])
    }
}
