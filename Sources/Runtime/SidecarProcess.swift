// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import HTTPAPI
import LogBroker
import Logging
import Proxying
import SQLiteEngine
import ServiceLifecycle
import Settings
import Sidecar
import Subscriptions
import Synchronization
import Telemetry

/// One run of the sidecar: what has been opened and bound, and the services that serve it.
struct SidecarProcess: Sendable {
    private let configuration: Configuration
    private let database: EmbeddedDatabase?
    private let listeners: Listeners
    private let calls: AppCalls
    private let subscriber: Subscriber
    private let brokers: [LogBroker]
    private let ambassador: AmbassadorService?
    /// Nil where nothing changes while running.
    private let reload: ConfigurationReload?
    private let tlsReload: TLSReload
    private let tracing: Tracing
    private let app: AppService
    private let health: HealthState
    private let shutdown: ShutdownRequest
    private let logger: Logger

    /// Opens the stores, binds the ports and makes the sidecar known, in the order of Dapr's own start: the building
    /// blocks are ready before the app is started, because the app may wait for them.
    static func start(_ invocation: Invocation, _ instruments: Instruments) async throws -> SidecarProcess {
        let configuration = invocation.loaded.configuration
        var ambassadorConfiguration = configuration.wholeAmbassador
        try ambassadorConfiguration.makeCertificates(
            in: { try EmbeddedDatabase.makeFolder(at: invocation.dataPath) }, instruments.logger)
        let tracing = Tracing(configuration, instruments.logs.logger("outrigger.traces"))
        let ambassador = try await AmbassadorService.start(
            ambassadorConfiguration, grace: configuration.app.grace, namespace: configuration.app.namespace,
            tracer: tracing.tracer, origin: { [loaded = invocation.loaded] in loaded.origin(of: $0) }, instruments)
        do {
            return try await start(invocation, beside: ambassador, tracing, instruments)
        } catch {
            await ambassador?.stop()
            throw error
        }
    }

    private static func start(
        _ invocation: Invocation, beside ambassador: AmbassadorService?, _ tracing: Tracing,
        _ instruments: Instruments
    ) async throws -> SidecarProcess {
        let stores = try await Stores.open(invocation, instruments.logger)
        do {
            return try await start(invocation, beside: ambassador, on: stores, tracing, instruments)
        } catch {
            await stores.database?.close()
            throw error
        }
    }

    private static func start(
        _ invocation: Invocation, beside ambassador: AmbassadorService?, on stores: Stores, _ tracing: Tracing,
        _ instruments: Instruments
    ) async throws -> SidecarProcess {
        let configuration = invocation.loaded.configuration
        let health = HealthState()
        let shutdown = ShutdownRequest()
        let metadata = SidecarMetadata(invocation)
        let status = AppStatus()
        let calls = AppCalls(configuration.app)
        let listeners = try await Listeners.bind(
            invocation.loaded, mayGiveWay: !invocation.command.isEmpty,
            Listeners.Answering(
                pools: ambassador?.pools ?? [], proxies: ambassador?.proxies ?? [],
                components: stores.components.ofAPI, calls: calls, tracer: tracing.tracer,
                resolver: stores.resolver, endpoints: invocation.endpoints, accessControl: invocation.accessControl,
                metadata: metadata, status: status, health: health, shutdown: shutdown, instruments: instruments))
        let supervisor = makeSupervisor(invocation, listeners, ambassador, instruments) { event in
            status.note(event)
            metadata.note(event)
            health.note(event)
        }
        let subscriber = Subscriber(
            components: stores.components.pubsub, declared: invocation.subscriptions,
            app: calls.subscribed(configuration.app, tracer: tracing.tracer),
            health: health, metadata: metadata, logger: instruments.logs.logger("outrigger.pubsub"))
        let serving: @Sendable () async -> Void = {
            await endWork(of: configuration.app, ambassador, subscriber, listeners)
        }
        let app = AppService(
            supervisor: supervisor, serving: serving, health: health, grace: configuration.app.grace
        ) { shutdown.request() }
        let process = SidecarProcess(
            invocation, ambassador, stores, listeners, calls, subscriber, tracing, app, health, shutdown,
            instruments.logger)
        await process.announce()
        health.setOutboundReady(true)
        return process
    }

    /// Brings the app no more work, and waits until nobody is being answered for whom it may be needed.
    private static func endWork(
        of app: AppConfiguration, _ ambassador: AmbassadorService?, _ subscriber: Subscriber, _ listeners: Listeners
    ) async {
        async let drained: Void? = ambassador?.drain(inFrontOf: app)
        await subscriber.end()
        await drained
        // Last, as the app may need the API for what it has been asked by the others.
        await listeners.serving()
    }

    private init(
        _ invocation: Invocation, _ ambassador: AmbassadorService?, _ stores: Stores, _ listeners: Listeners,
        _ calls: AppCalls, _ subscriber: Subscriber, _ tracing: Tracing, _ app: AppService, _ health: HealthState,
        _ shutdown: ShutdownRequest, _ logger: Logger
    ) {
        configuration = invocation.loaded.configuration
        database = stores.database
        self.listeners = listeners
        self.calls = calls
        self.subscriber = subscriber
        brokers = stores.components.pubsub.compactMap { $0.broker as? LogBroker }
        self.ambassador = ambassador
        let tlsReload = TLSReload(
            of: { (ambassador?.tls ?? []) + invocation.endpoints.compactMap(\.tls) }, logger: logger)
        self.tlsReload = tlsReload
        reload = ambassador.map {
            ConfigurationReload(invocation, for: $0, logger: logger, applied: { tlsReload.request() })
        }
        self.tracing = tracing
        self.app = app
        self.health = health
        self.shutdown = shutdown
        self.logger = logger
    }

    private static func makeSupervisor(
        _ invocation: Invocation, _ listeners: Listeners, _ ambassador: AmbassadorService?,
        _ instruments: Instruments, note: @escaping @Sendable (Supervisor.Event) -> Void
    ) -> Supervisor {
        let app = invocation.loaded.configuration.app
        return Supervisor(
            command: invocation.command,
            environment: appEnvironment(
                app, apiPort: listeners.apiPort, grpcPort: listeners.grpcPort, adminPort: listeners.adminPort),
            configuration: app, logger: instruments.logs.logger("outrigger.app"),
            descriptorsMax: ambassador?.descriptors.before, onEvent: note)
    }

    /// Serves until the app has ended, a signal came or the API was asked to shut down; returns the exit status.
    ///
    /// The services end in the reverse of their order: first the app, then the API that it may still need, then the
    /// store behind the API, what they said of it in traces, and last the listener that tells how far this is.
    func serve(with signals: SignalWatch) async -> Int32 {
        signals.hand(to: receiver())
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
        if let admin = listeners.admin { services.append(Self.configured(admin)) }
        if let exporter = tracing.exporter { services.append(Self.configured(exporter)) }
        if let database { services.append(Self.configured(DatabaseService(database: database))) }
        if let api = listeners.api { services.append(Self.configured(api)) }
        if let grpc = listeners.grpc { services.append(Self.configured(grpc)) }
        services += brokers.map { Self.configured(BrokerService(broker: $0)) }
        if configuration.api.enabled { services.append(Self.configured(subscriber)) }
        if let ambassador { services.append(Self.configured(ambassador)) }
        if let reload { services.append(Self.configured(reload)) }
        services.append(Self.configured(tlsReload))
        if let listener = listeners.internal { services.append(Self.configured(listener)) }
        if let health = calls.health { services.append(Self.configured(AppHealthService(health: health))) }
        services.append(Self.configured(app))
        let group = ServiceGroupConfiguration(
            services: services, logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() })
        let serviceGroup = ServiceGroup(configuration: group)
        let ending = Task { await endWhenAsked(serviceGroup) }
        defer { ending.cancel() }
        do {
            try await serviceGroup.run()
        } catch let error as SpawnError {
            return error.exitStatus
        } catch {
            logger.emit(.serviceFailed("\(error)"))
            app.supervisor.kill()
            return ExitStatus.failure
        }
        logger.emit(.shutdownCompleted(status: app.exitStatus))
        return app.exitStatus
    }

    private static func configured(_ service: any Service) -> ServiceGroupConfiguration.ServiceConfiguration {
        .init(
            service: service, successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .gracefullyShutdownGroup)
    }

    /// The first signal that asks for an end begins the shutdown, a second one ends the process at once; the others are
    /// the app's.
    private func receiver() -> @Sendable (Signal) -> Void {
        let hasBegun = Atomic(false)
        return { signal in
            // What else SIGHUP means is the app's business.
            if signal == .hangUp {
                reload?.request()
                tlsReload.request()
                ambassador?.reopenLogs()
            }
            guard signal.beginsShutdown else { return app.supervisor.forward(signal) }
            if hasBegun.exchange(true, ordering: .relaxed) { end(withStatus: 128 + signal.number) }
            app.stopSignal = signal
            shutdown.request()
        }
    }

    /// Ends the services when somebody wishes it; those that hang, as behind a lock of another process, are left
    /// behind.
    private func endWhenAsked(_ serviceGroup: ServiceGroup) async {
        var hasBegun = false
        for await manner in shutdown.wishes {
            if manner == .forced {
                // So that whoever asked gets the answer.
                try? await Task.sleep(for: Self.answerTime)
                end(withStatus: 0)
            }
            if hasBegun { continue }
            hasBegun = true
            logger.emit(.shutdownBegan())
            await serviceGroup.triggerGracefulShutdown()
            Task {
                try await Task.sleep(for: shutdownLimit)
                logger.emit(.shutdownAbandoned(after: shutdownLimit))
                end(withStatus: app.exitStatus)
            }
        }
    }

    /// Requests in flight, the app and what it left behind may each take the grace period; closing takes the rest.
    private var shutdownLimit: Duration { configuration.app.grace * 3 + .seconds(2) }

    /// How long a forced shutdown leaves to the answer that it was asked for with.
    private static let answerTime = Duration.milliseconds(100)

    private func announce() async {
        var neighbours: [String] = []
        if let database, let record = listeners.record(secret: calls.secret) {
            do {
                try await database.nameRegistry.register(record)
                neighbours = try await database.nameRegistry.sidecars(inNamespace: configuration.app.namespace)
                    .filter { $0.id != record.id }.map(\.appID)
            } catch {
                logger.emit(.registrationFailed("\(error)"))
            }
        }
        logger.emit(
            .sidecarStarted(
                appID: configuration.app.id, api: listeners.apiAddress, grpc: listeners.grpcAddress,
                admin: listeners.adminAddress, data: database?.path, namespace: configuration.app.namespace,
                neighbours: neighbours, pools: ambassador?.addresses ?? []))
    }
}

extension SidecarProcess {
    /// Ends the app and the process without waiting for anything.
    private func end(withStatus status: Int32) -> Never {
        app.supervisor.kill()
        exitAtOnce(status)
    }
}
