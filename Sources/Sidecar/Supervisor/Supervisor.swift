// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
package import Logging
import Metrics
import NIOPosix
import Telemetry

/// Keeps the app running beside the sidecar: start, wait for its port, exit, restart, stop.
///
/// `run` is the whole path. What happens meanwhile is told to `onEvent`, one at a time and in order, so that Runtime
/// can turn readiness; `state` is a snapshot for metadata. Without a command something else starts the app, and only
/// its port is waited for.
package final class Supervisor: Sendable {
    package enum Event: Sendable, Hashable {
        case started(pid: Int32)
        /// The app accepts connections on its port, or runs and has none: requests may go to it.
        case listening
        /// From now on no request may go to the app. `hadListened` is false when it ended before it opened its port.
        /// What the app left behind may still be ending; `run` returns after that.
        case exited(AppExit, hadListened: Bool)
        case restarting(after: Duration)
        case gaveUp(restarts: Int)
    }

    package struct State: Sendable, Hashable {
        /// Nil while no app of ours runs.
        package var pid: Int32?
        /// All restarts since the sidecar began.
        package var restarts = 0
        package var isListening = false
    }

    /// How often it is looked whether what the app left behind has ended.
    static let survivorPause = Duration.milliseconds(10)

    let command: [String]
    let environment: [String: String]
    let configuration: AppConfiguration
    let logger: Logger
    private let descriptorsMax: UInt?
    private let adoptsOrphans: Bool
    private let onEvent: @Sendable (Event) -> Void
    private let metrics = SupervisorMetrics()
    private let control = AppControl()
    /// One thread that starts the app, waits for it, and lives until `run` returns: the kernel kills the app when the
    /// thread that started it ends, and that must mean the end of the sidecar.
    private let lane = NIOThreadPool(numberOfThreads: 1)

    /// - Parameters:
    ///   - command: The app and its arguments; empty when something else starts the app.
    ///   - environment: What the app gets besides the sidecar's own environment.
    ///   - descriptorsMax: The soft limit of descriptors that the app may have open; nil: that of the sidecar.
    ///   - adoptsOrphans: Whether the kernel gives this process the orphans of others, which it then has to reap.
    package init(
        command: [String], environment: [String: String] = [:], configuration: AppConfiguration, logger: Logger,
        descriptorsMax: UInt? = nil, adoptsOrphans: Bool = getpid() == 1,
        onEvent: @escaping @Sendable (Event) -> Void = { _ in }
    ) {
        self.command = command
        self.environment = environment
        self.configuration = configuration
        self.logger = logger
        self.descriptorsMax = descriptorsMax
        self.adoptsOrphans = adoptsOrphans
        self.onEvent = onEvent
    }

    package var state: State { control.state }

    /// Runs the app until it has ended for the last time, with all of its group, and returns how.
    ///
    /// Cancelling the task is a `stop`. It throws only when the first start fails. Call it once.
    package func run() async throws(SpawnError) -> AppExit {
        lane.start()
        // A cancelled task can't wait for the grace period, so the work is done in one that is never cancelled.
        let work = Task { await supervised() }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            stop()
        }
        metrics.up.record(0)
        try? await lane.shutdownGracefully()
        return try result.get()
    }

    /// Begins to end the app: the signal goes to its group, and SIGKILL follows after the grace period.
    package func stop(with signal: Signal = .terminate) { control.stop(with: signal) }

    /// Ends the app and all of its group at once.
    package func kill() { control.kill() }

    /// Sends the app's group a signal as it is.
    package func forward(_ signal: Signal) { control.forward(signal) }

    private func supervised() async -> Result<AppExit, SpawnError> {
        guard !command.isEmpty else { return .success(await watchForeignApp()) }
        // Whoever started the sidecar may have SIGCHLD ignored, and then no exit status would ever be seen.
        signal(SIGCHLD, SIG_DFL)
        var restarts = RestartStateMachine(configuration.restart)
        var isFirst = true
        await warnOfOccupant()
        while true {
            let begin = ContinuousClock.now
            let exit: AppExit
            do throws(SpawnError) {
                exit = try await runOnce()
            } catch {
                logger.emit(.appStartFailed(reason: "\(error)"))
                if isFirst { return .failure(error) }
                exit = .code(error.exitStatus)
            }
            isFirst = false
            if control.stopRequest.isMade { _ = restarts.handle(.stopRequested) }
            switch restarts.handle(.exited(exit, after: .now - begin)) {
            case .finish(let exit): return .success(exit)
            case .giveUp(let exit):
                logger.emit(.appRestartsExhausted(limit: configuration.restart.limit))
                onEvent(.gaveUp(restarts: restarts.restartsInRow))
                return .success(exit)
            case .restart(let wait):
                logger.emit(.appRestartScheduled(after: wait, restart: restarts.restartsInRow))
                onEvent(.restarting(after: wait))
                if await control.stopRequest.wait(atMost: wait) { return .success(exit) }
                control.restarted()
                metrics.restarts.increment()
            case .nothing: preconditionFailure("An exit is always answered.")
            }
        }
    }
}

// MARK: - One life of the app

extension Supervisor {
    private func runOnce() async throws(SpawnError) -> AppExit {
        let streams = AppStreams(configuration, name: configuration.id ?? command[0])
        let child: ChildProcess
        do throws(SpawnError) {
            child = try await start(streams.child)
        } catch {
            streams.abandon()
            throw error
        }
        logger.emit(.appStarted(command: command[0], pid: child.pid))
        onEvent(.started(pid: child.pid))
        // Said here and not beside the wait for the exit, so that even an app that exits at once was ready before.
        if configuration.port == nil { becomeListening() }

        async let output: Void = streams.relay()
        let exit = await watch(child)
        // First, because from now on no request may go to the app, however long the survivors take.
        report(exit)
        await endSurvivors(of: child)
        streams.stop()
        await output
        return exit
    }

    private func start(_ streams: ChildProcess.Streams) async throws(SpawnError) -> ChildProcess {
        let started = await onLane { [self] () -> Result<ChildProcess, SpawnError> in
            if adoptsOrphans { ChildProcess.reapOrphans() }
            return Result { () throws(SpawnError) in
                try ChildProcess.start(
                    command, environment: environment, streams: streams, descriptorsMax: descriptorsMax)
            }
        }
        let child = try started.get()
        control.started(child)
        return child
    }

    /// Waits for the app's exit, and beside that for its port and for the wish to stop.
    private func watch(_ child: ChildProcess) async -> AppExit {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.awaitPort() }
            group.addTask { await self.endWhenAsked(child) }
            let exit = await onLane { [adoptsOrphans] in child.wait(adoptingOrphans: adoptsOrphans) }
            group.cancelAll()
            return exit
        }
    }

    private func endWhenAsked(_ child: ChildProcess) async {
        await control.stopRequest.wait()
        guard !Task.isCancelled else { return }
        let signal = control.stopSignal
        logger.emit(.appStopRequested(signal: signal.name))
        child.signal(signal.number)
        do { try await Task.sleep(for: configuration.grace) } catch { return }
        logger.emit(.appKilled(grace: configuration.grace))
        child.signal(SIGKILL)
    }

    /// Ends what is left of the app's group after its leader: it may still hold the port or write to the log.
    private func endSurvivors(of child: ChildProcess) async {
        guard child.hasSurvivors else { return }
        control.endsSurvivors(of: child)
        defer { control.endsSurvivors(of: nil) }
        let begin = ContinuousClock.now
        // A shell's background jobs ignore SIGINT, and a leader that ended by itself told nobody.
        let hasTerminated = control.stopRequest.isMade && control.stopSignal == .terminate
        if !hasTerminated { child.signalSurvivors(SIGTERM) }
        while child.hasSurvivors, .now - begin < configuration.grace, !control.isKilling {
            try? await Task.sleep(for: Self.survivorPause)
            if adoptsOrphans { ChildProcess.reapOrphans() }
        }
        // Whom `kill` has reached may be gone already.
        guard child.hasSurvivors || control.isKilling else { return }
        logger.emit(.appSurvivorsKilled(grace: configuration.grace))
        child.signalSurvivors(SIGKILL)
    }

    private func report(_ exit: AppExit) {
        let hadListened = control.exited()
        metrics.up.record(0)
        if let address, !hadListened, !control.stopRequest.isMade {
            logger.emit(.appExitedBeforeListening("\(exit)", address: address))
        } else {
            logger.emit(.appExited("\(exit)", failed: exit.isFailure && !control.stopRequest.isMade))
        }
        onEvent(.exited(exit, hadListened: hadListened))
    }

    /// Runs blocking work on the lane. The lane ends only after `run` has, so it takes all work.
    private func onLane<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            lane.submit { _ in continuation.resume(returning: work()) }
        }
    }
}

// MARK: - The port

extension Supervisor {
    private var address: String? {
        configuration.port.map { ListenAddress(host: configuration.address, port: $0).description }
    }

    private func watchForeignApp() async -> AppExit {
        // Nobody here asks for a child's status, so the kernel may reap the orphans that it gives to process 1.
        if adoptsOrphans { signal(SIGCHLD, SIG_IGN) }
        if configuration.port == nil { becomeListening() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.awaitPort() }
            await control.stopRequest.wait()
            group.cancelAll()
        }
        control.isListening = false
        return .code(0)
    }

    /// Says who holds the app's port before the first start. The app is started all the same: the stranger may be an
    /// app of an earlier run that is ending.
    private func warnOfOccupant() async {
        guard let port = configuration.port, let address, !control.stopRequest.isMade else { return }
        guard await PortProbe(host: configuration.address, port: port).isOpen() else { return }
        let occupant = await onLane { PortOccupant.find(port: port).map { "\($0)" } ?? "another process" }
        logger.emit(.appPortTaken(address: address, occupant: occupant))
    }

    /// Returns when the port is open, when the app has ended, or at once without a port.
    private func awaitPort() async {
        guard let port = configuration.port else { return }
        var notices = WaitNotices()
        let probe = PortProbe(host: configuration.address, port: port)
        let isOpen = await probe.waitUntilOpen { elapsed in
            guard notices.isDue(after: elapsed), let address else { return }
            logger.emit(.appPortAwaited(address: address, after: elapsed))
        }
        if isOpen && !Task.isCancelled { becomeListening() }
    }

    private func becomeListening() {
        control.isListening = true
        metrics.up.record(1)
        if let address { logger.emit(.appListening(address: address)) }
        onEvent(.listening)
    }
}
