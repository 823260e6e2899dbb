// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import Metrics
import Settings
import Sidecar
import Telemetry

/// The sidecar as a whole.
package enum Runtime {
    /// Runs until the app has exited or a signal came; returns the process's exit status.
    ///
    /// The whole life of the process: telemetry, then a start that binds every port and opens every store, then
    /// serving. What is wrong with the start is said on the log, and nothing is left running.
    package static func run(_ invocation: Invocation) async -> Int32 {
        let signals = SignalWatch(Signals.install())
        let configuration = invocation.loaded.configuration
        let logs = Logs(configuration.log, appID: configuration.app.id)
        logs.bootstrapLibraries()
        let logger = logs.logger("outrigger.runtime")
        let registry = PrometheusRegistry(logger: logger)
        MetricsSystem.bootstrap(registry)
        ProcessMetrics.observe(in: registry)
        logs.observe(in: registry)

        for notice in invocation.notices { logger.emit(.flagNoticed(notice)) }
        for warning in invocation.loaded.warnings { logger.emit(.configurationWarned(warning)) }
        do {
            let process = try await SidecarProcess.start(
                invocation, Instruments(logs: logs, registry: registry, logger: logger))
            return await process.serve(with: signals)
        } catch let problems as Problems {
            for problem in problems.all { logger.emit(.configurationRefused(problem)) }
            return ExitStatus.configuration
        } catch {
            logger.emit(.startFailed("\(error)"))
            return ExitStatus.failure
        }
    }
}

/// What the process says of itself with.
struct Instruments: Sendable {
    var logs: Logs
    var registry: PrometheusRegistry
    var logger: Logger
}

/// The exit statuses that don't come from the app (sysexits.h).
package enum ExitStatus {
    package static let failure: Int32 = 1
    package static let usage: Int32 = 64
    package static let configuration: Int32 = 78
}
