// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import HTTPAPI
import Logging
import NIOPosix
import Settings
import Telemetry

/// The ports of one sidecar, bound.
struct Listeners: Sendable {
    var api: HTTPListener?
    var publicAPI: HTTPListener?
    var admin: HTTPListener?

    /// What answers behind the ports.
    struct Answering {
        var components: [StateComponent]
        var metadata: SidecarMetadata
        var status: AppStatus
        var health: HealthState
        var shutdown: ShutdownRequest
        var instruments: Instruments
    }

    var apiPort: Int? { api?.boundPort }
    var adminPort: Int? { admin?.boundPort }
    var apiAddress: ListenAddress? { api?.boundAddress }
    var adminAddress: ListenAddress? { admin?.boundAddress }

    /// Binds every port that the configuration asks for, or none.
    ///
    /// `mayGiveWay`: beside an app of its own, which learns the ports from its environment, a default port that is taken
    /// gives way to a free one; a port that somebody chose never does.
    static func bind(
        _ loaded: Loaded<Configuration>, mayGiveWay: Bool, _ parts: Answering
    ) async throws -> Listeners {
        let configuration = loaded.configuration
        var listeners = Listeners()
        do {
            if configuration.admin.enabled {
                let isFixed = !mayGiveWay || loaded.isGiven("admin.listen.port")
                listeners.admin = try await bind(configuration.admin.listen, isFixed: isFixed, parts) { address in
                    makeAdmin(address, configuration, parts)
                }
            }
            if configuration.api.enabled {
                let isFixed = !mayGiveWay || loaded.isGiven("api.listen.port")
                listeners.api = try await bind(configuration.api.listen, isFixed: isFixed, parts) { address in
                    makeAPI(.api, address, configuration, parts)
                }
            }
            if configuration.api.enabled, let address = configuration.api.publicListen {
                listeners.publicAPI = try await bind(address, isFixed: true, parts) { address in
                    makeAPI(.public, address, configuration, parts)
                }
            }
        } catch {
            for listener in [listeners.admin, listeners.api].compactMap({ $0 }) { await listener.stop() }
            throw error
        }
        return listeners
    }

    private static func bind(
        _ address: ListenAddress, isFixed: Bool, _ parts: Answering, make: (ListenAddress) -> HTTPListener
    ) async throws(ListenError) -> HTTPListener {
        do throws(ListenError) {
            let listener = make(address)
            try await listener.bind()
            return listener
        } catch {
            guard !isFixed, case .addressInUse = error.reason else { throw error }
            let listener = make(ListenAddress(host: address.host, port: 0))
            let port = try await listener.bind()
            parts.instruments.logger.emit(.portGaveWay("\(error)", port: port))
            return listener
        }
    }

    private static func makeAPI(
        _ surface: APIResponder.Surface, _ address: ListenAddress, _ configuration: Configuration, _ parts: Answering
    ) -> HTTPListener {
        let logger = parts.instruments.logs.logger("outrigger.api")
        let shutdown = parts.shutdown
        let responder = APIResponder(
            surface: surface, configuration: configuration.api, components: parts.components,
            metadata: parts.metadata, health: parts.health, logger: logger
        ) { isForced in
            if isForced { exitAtOnce(0) }
            shutdown.request()
        }
        return HTTPListener(address: address, eventLoopGroup: eventLoop, logger: logger) { request in
            await responder.respond(request)
        }
    }

    private static func makeAdmin(
        _ address: ListenAddress, _ configuration: Configuration, _ parts: Answering
    ) -> HTTPListener {
        let health = parts.health
        let probes = Probes(
            live: [Probe("process") { .ok }],
            started: [Probe("outbound") { health.isOutboundReady ? .ok : .failing("the building blocks are not up yet") }],
            ready: [
                Probe("ready") {
                    health.isReady ? .ok : .failing("waiting for \(health.unreadyParts.joined(separator: ", "))")
                }
            ])
        let admin = Admin(registry: parts.instruments.registry, probes: probes, rooms: [parts.status.endpoint])
        let logger = parts.instruments.logs.logger("outrigger.admin")
        return HTTPListener(address: address, eventLoopGroup: eventLoop, logger: logger) { request in
            await admin.answer(request)
        }
    }

    /// One loop serves all listeners of the control plane: their work is done in tasks.
    private static var eventLoop: MultiThreadedEventLoopGroup { .singleton }

    /// How neighbours see this sidecar; nil without an API.
    func record(_ configuration: Configuration) -> SidecarRecord? {
        guard let appID = configuration.app.id, let apiAddress else { return nil }
        return SidecarRecord(
            id: "\(appID)-\(processID())", appID: appID, namespace: configuration.app.namespace,
            processID: processID(), apiAddress: "\(apiAddress)", appPort: configuration.app.port)
    }
}
