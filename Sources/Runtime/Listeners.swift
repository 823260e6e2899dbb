// SPDX-License-Identifier: Apache-2.0

import Ambassador
import AppInvocation
import BuildingBlocks
import Core
import GRPCAPI
import HTTPAPI
import Logging
import NIOCore
import Proxying
import Settings
import Sidecar
import Telemetry
import WireHTTP

/// The ports of one sidecar, bound.
struct Listeners: Sendable {
    var api: HTTPAPIService?
    var grpc: HTTPListener?
    var admin: HTTPListener?
    /// What other sidecars call.
    var `internal`: HTTPListener?
    private let configuration: Configuration

    /// What answers behind the ports.
    struct Answering {
        var pools: [any ServedPool]
        var proxies: [HTTPProxy]
        var components: APIComponents
        var calls: AppCalls
        var tracer: Tracer
        var resolver: any NameResolver
        var endpoints: [HTTPEndpoint]
        var accessControl: AccessControl?
        var metadata: SidecarMetadata
        var status: AppStatus
        var health: HealthState
        var shutdown: ShutdownRequest
        var instruments: Instruments

        func noteGivingWay(of address: ListenAddress, to port: Int) {
            guard address.port != 0, address.port != port else { return }
            let occupant = PortOccupant.find(port: address.port).map { "\($0)" } ?? "another process"
            instruments.logger.emit(.portGaveWay(address, to: port, occupant: occupant))
        }
    }

    var apiPort: Int? { api?.boundPort }
    var grpcPort: Int? { grpc?.boundPort }
    var adminPort: Int? { admin?.boundPort }
    private var internalPort: Int? { `internal`?.boundPort }
    var apiAddress: ListenAddress? {
        apiPort.map { ListenAddress(host: configuration.api.listen.host, port: $0) }
    }
    var grpcAddress: ListenAddress? {
        grpcPort.map { ListenAddress(host: configuration.api.grpc.listen.host, port: $0) }
    }
    var adminAddress: ListenAddress? {
        adminPort.map { ListenAddress(host: configuration.admin.listen.host, port: $0) }
    }

    private init(_ configuration: Configuration) { self.configuration = configuration }

    /// Binds every port that the configuration asks for, or none.
    ///
    /// `mayGiveWay`: beside an app of its own, which learns the ports from its environment, a default port that is
    /// taken gives way to a free one; a port that somebody chose never does. That of gRPC always gives way unless
    /// somebody chose it, since most apps don't use it.
    static func bind(
        _ loaded: Loaded<Configuration>, mayGiveWay: Bool, _ parts: Answering
    ) async throws -> Listeners {
        let configuration = loaded.configuration
        var listeners = Listeners(configuration)
        if configuration.admin.enabled {
            let admin = makeAdmin(configuration, parts)
            let port = try await admin.bind(orAnyFree: mayGiveWay && !loaded.isGiven("admin.listen.port"))
            parts.noteGivingWay(of: configuration.admin.listen, to: port)
            listeners.admin = admin
        }
        guard configuration.api.enabled else { return listeners }
        do {
            let `internal` = makeInternal(configuration, parts)
            try await `internal`?.bind()
            listeners.internal = `internal`
            let api = makeAPI(configuration, parts)
            let port = try await api.bind(orAnyFree: mayGiveWay && !loaded.isGiven("api.listen.port"))
            parts.noteGivingWay(of: configuration.api.listen, to: port)
            listeners.api = api
            let grpc = makeGRPC(configuration, parts)
            let grpcPort = try await grpc.bind(orAnyFree: !loaded.isGiven("api.grpc.listen.port"))
            parts.noteGivingWay(of: configuration.api.grpc.listen, to: grpcPort)
            listeners.grpc = grpc
        } catch {
            await listeners.admin?.stop()
            await listeners.internal?.stop()
            await listeners.api?.stop()
            throw error
        }
        return listeners
    }

    private static func makeInternal(_ configuration: Configuration, _ parts: Answering) -> HTTPListener? {
        let logger = parts.instruments.logs.logger("outrigger.internal")
        let responder = parts.calls.responder(parts.health, parts.tracer, parts.accessControl, logger)
        let grpc = parts.calls.grpcResponder(parts.health, parts.tracer, parts.accessControl, logger)
        guard let responder, let grpc else { return nil }
        return HTTPListener(
            address: configuration.api.internalListen, eventLoopGroup: eventLoops, logger: logger,
            http2: HTTP2Service(limits: http2Limits(configuration)) { await grpc.respond(to: $0) }
        ) { request in
            await responder.respond(request)
        }
    }

    private static func makeGRPC(_ configuration: Configuration, _ parts: Answering) -> HTTPListener {
        let logger = parts.instruments.logs.logger("outrigger.grpc")
        let invoker = GRPCInvoker(
            appID: configuration.app.id ?? "", namespace: configuration.app.namespace,
            trustDomain: parts.accessControl?.trustDomain ?? AccessControl.trustDomainDefault, app: parts.calls.grpc,
            resolver: parts.resolver, tracer: parts.tracer, eventLoopGroup: eventLoops)
        let responder = GRPCResponder(
            token: configuration.api.token, invoker: invoker, logsCalls: configuration.api.logCalls, logger: logger)
        return HTTPListener(
            address: configuration.api.grpc.listen, eventLoopGroup: eventLoops, logger: logger,
            http2: HTTP2Service(limits: http2Limits(configuration)) { await responder.respond(to: $0) }
        ) { _ in
            HTTPResponse(
                .badRequest, fields: ["content-type": "text/plain; charset=utf-8"],
                body: ByteBuffer(string: "this port speaks gRPC; the API's own port speaks HTTP\n"))
        }
    }

    /// Calls that are under way may take as long as the app may to exit.
    private static func http2Limits(_ configuration: Configuration) -> HTTP2Limits {
        var limits = HTTP2Limits()
        limits.drainTimeout = .nanoseconds(Int64(configuration.app.grace / .nanoseconds(1)))
        return limits
    }

    private static func makeAPI(_ configuration: Configuration, _ parts: Answering) -> HTTPAPIService {
        let shutdown = parts.shutdown
        let invoker = Invoker(
            appID: configuration.app.id ?? "", namespace: configuration.app.namespace,
            trustDomain: parts.accessControl?.trustDomain ?? AccessControl.trustDomainDefault, app: parts.calls.channel,
            resolver: parts.resolver, endpoints: parts.endpoints, eventLoopGroup: eventLoops)
        return HTTPAPIService(
            configuration: configuration.api, components: parts.components, invoker: invoker,
            metadata: parts.metadata, health: parts.health, tracer: parts.tracer, eventLoopGroup: eventLoops,
            logger: parts.instruments.logs.logger("outrigger.api")
        ) { isForced in
            shutdown.request(isForced ? .forced : .graceful)
        }
    }

    private static func makeAdmin(_ configuration: Configuration, _ parts: Answering) -> HTTPListener {
        let health = parts.health
        let probes = Probes(
            live: [Probe("process") { .ok }],
            started: [
                Probe("outbound") { health.isOutboundReady ? .ok : .failing("the building blocks are not up yet") }
            ],
            ready: [
                Probe("ready") {
                    health.isReady ? .ok : .failing("waiting for \(health.unreadyParts.joined(separator: ", "))")
                }
            ])
        let admin = Admin(
            registry: parts.instruments.registry, probes: probes,
            rooms: [parts.status.endpoint, .logLevel(parts.instruments.logs, logger: parts.instruments.logger)]
                + pubsubEndpoints(configuration, parts) + ShardsRoom(pools: parts.pools).endpoints
                + RoutesRoom(
                    proxies: parts.proxies, logger: parts.instruments.logs.logger("outrigger.ambassador")
                ).endpoints)
        let access = Admin.Access(listen: configuration.admin.listen, token: configuration.api.token)
        return HTTPListener(
            address: configuration.admin.listen, eventLoopGroup: eventLoops,
            logger: parts.instruments.logs.logger("outrigger.admin")
        ) { request in
            try await admin.respond(to: request, access: access)
        }
    }

    /// Without the API there is no pub/sub to tell of.
    private static func pubsubEndpoints(_ configuration: Configuration, _ parts: Answering) -> [AdminEndpoint] {
        guard configuration.api.enabled, let appID = configuration.app.id else { return [] }
        let logger = parts.instruments.logs.logger("outrigger.pubsub")
        return PubSubRoom(parts.components.pubsub, appID: appID, logger: logger).endpoints
    }

    /// Loops that are nobody's, one for each core, serve all listeners of the control plane: they only carry bytes, and
    /// the work is done in tasks.
    static var eventLoops: EpollEventLoopGroup { .singleton }

    /// Waits for a moment in which neither the app nor another sidecar is being answered.
    var serving: @Sendable () async -> Void {
        let (api, grpc, `internal`) = (api, grpc, `internal`)
        return {
            await api?.drained()
            await grpc?.drained()
            await `internal`?.drained()
        }
    }

    /// How neighbours see this sidecar, and the secret that they call it with; nil without an API.
    func record(secret: String) -> SidecarRecord? {
        guard let appID = configuration.app.id, let apiAddress else { return nil }
        // Process ids repeat: every container that shares the folder may be process 1.
        let start = String(UInt32.random(in: 0 ... .max), radix: 16)
        return SidecarRecord(
            id: "\(appID)-\(processID())-\(start)", appID: appID, namespace: configuration.app.namespace,
            processID: processID(), apiAddress: "\(apiAddress)", appPort: configuration.app.port,
            internalAddress: internalPort.map {
                "\(ListenAddress(host: configuration.api.internalListen.host, port: $0))"
            }, secret: secret, adminAddress: adminAddress.map { "\($0)" })
    }
}
