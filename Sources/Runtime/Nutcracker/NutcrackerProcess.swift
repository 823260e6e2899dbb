// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Glibc
import Logging
import Proxying
import Sidecar
import Telemetry

/// One run in the place of twemproxy.
struct NutcrackerProcess: Sendable {
    /// How long replies that are due may take at the end.
    private static let grace = Duration.seconds(5)
    private static let verbosities = 0...11
    /// What twemproxy hears, and SIGTERM, which ends it at once.
    private static let signals: [Signal] = [
        .hangUp, .interrupt, .terminate, .user1, .user2, .terminalInput, .terminalOutput,
    ]

    private let options: NutcrackerOptions
    private let log: NutcrackerLogFile?
    private let logs: Logs
    private let logger: Logger

    init(_ options: NutcrackerOptions, log: NutcrackerLogFile?) {
        self.options = options
        self.log = log
        var configuration = LogConfiguration()
        configuration.level = options.level(of: options.verbosity)
        logs = Logs(configuration)
        logger = logs.logger("outrigger.nutcracker")
    }

    /// In twemproxy's order: signals, the pid's file, the configuration, the pools.
    func run() async -> Int32 {
        let signals = Signals.install(Self.signals)
        Self.tellOfCrashes()
        let pidFile = options.pidFile.map { NutcrackerPIDFile(path: $0) }
        do {
            try pidFile?.write()
        } catch {
            logger.emit(.startFailed("\(error)"))
            return ExitStatus.failure
        }
        defer { pidFile?.remove() }
        do {
            return try await serve(signals)
        } catch let problems as Problems {
            for problem in problems.all { logger.emit(.configurationRefused(problem)) }
        } catch {
            logger.emit(.startFailed("\(error)"))
        }
        return ExitStatus.failure
    }

    private func serve(_ signals: Signals) async throws -> Int32 {
        let configuration = try readConfiguration()
        let instruments = Instruments(logs: logs, registry: PrometheusRegistry(logger: logger), logger: logger)
        // A file without a pool has been refused.
        guard let ambassador = try await AmbassadorService.start(configuration, grace: Self.grace, instruments) else {
            return ExitStatus.failure
        }
        let address = ListenAddress(host: options.statisticsAddress, port: options.statisticsPort)
        let statistics = NutcrackerStatisticsPort(address, pools: ambassador.pools)
        do {
            try await statistics.start()
        } catch {
            await ambassador.stop()
            await statistics.stop()
            throw error
        }
        logger.emit(
            .nutcrackerStarted(
                version: NutcrackerStatistics.version, processID: processID(), pools: ambassador.addresses,
                statistics: "\(address)", isCompatible: options.isCompatible))
        if options.daemonizes { BackgroundProcess.becomeReady(keepsStandardError: log != nil) }
        let reload = Task { [self] in
            var current = Configuration()
            current.ambassador = configuration
            let reload = ConfigurationReload(
                files: [options.configuration], current: current, logger: logger,
                read: { () throws(Problems) in
                    var new = Configuration()
                    new.ambassador = try readConfiguration()
                    return new
                }, apply: { configuration throws(Problems) in try ambassador.apply(configuration.ambassador) })
            try? await reload.run()
        }
        defer { reload.cancel() }
        let status = await endOfSignals(signals)
        await ambassador.stop()
        await statistics.stop()
        logger.emit(.nutcrackerStopped())
        return status
    }

    private func readConfiguration() throws(Problems) -> AmbassadorConfiguration {
        let file = try options.file()
        if !file.withoutEffect.isEmpty { logger.emit(.nutcrackerDirectivesIgnored(file.withoutEffect)) }
        var configuration = file.configuration
        configuration.takeAllClients(within: DescriptorLimit.raise())
        return configuration
    }

    /// Does what signals ask for, until one asks for the end; returns the exit status, which is twemproxy's for SIGINT.
    private func endOfSignals(_ signals: Signals) async -> Int32 {
        var verbosity = options.verbosity
        for await signal in signals {
            switch signal {
            case .hangUp:
                note(signal, ", reopening log file")
                reopenLog()
            case .terminalInput:
                verbosity = min(verbosity + 1, Self.verbosities.upperBound)
                logs.level = options.level(of: verbosity)
                note(signal, ", up logging level to \(verbosity)")
            case .terminalOutput:
                verbosity = max(verbosity - 1, Self.verbosities.lowerBound)
                note(signal, ", down logging level to \(verbosity)")
                logs.level = options.level(of: verbosity)
            case .interrupt, .terminate:
                note(signal, ", exiting")
                return signal == .interrupt ? ExitStatus.failure : 0
            default: note(signal, "")
            }
        }
        return ExitStatus.failure
    }

    private func note(_ signal: Signal, _ action: String) {
        logger.emit(.nutcrackerSignalled(signal.number, name: signal.name, action: action))
    }

    private func reopenLog() {
        guard let log else { return }
        do throws(FileError) {
            try log.open()
        } catch {
            logger.emit(.nutcrackerLogKept(log.path, error.description))
        }
    }

    /// Names the signal that ends a process which has gone wrong, as users' scripts look for it in the log.
    private static func tellOfCrashes() {
        signal(SIGSEGV) { number in
            // Only write, signal and raise are called, which signal-safety(7) allows.
            let text: StaticString = "signal 11 (SIGSEGV) received, core dumping\n"
            _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            signal(number, SIG_DFL)
            raise(number)
        }
    }
}

extension AmbassadorConfiguration {
    /// Gives each pool as many clients as descriptors are left for them: twemproxy has no limit of its own.
    fileprivate mutating func takeAllClients(within descriptors: DescriptorLimit) {
        setLimits(clients: 0, own: 0)
        let left = max(0, Int(clamping: descriptors.now) - descriptorsMax)
        let each = min(left / max(1, redis.count + memcached.count), 1_000_000)
        // Few clients want connections of their own: twemproxy refuses what they are for.
        let own = min(PoolLimits().own, each / 8)
        setLimits(clients: max(1, each - own), own: own)
    }

    private mutating func setLimits(clients: Int, own: Int) {
        for name in redis.names {
            redis[name]?.pool.limits.clients = clients
            redis[name]?.pool.limits.own = own
        }
        for name in memcached.names { memcached[name]?.pool.limits.clients = clients }
    }
}
