// SPDX-License-Identifier: Apache-2.0

import AppInvocation
import BuildingBlocks
import Core
import GRPCAPI
import HTTPAPI
import Logging
import NIOCore
import Proxying
import ServiceLifecycle
import Sidecar
import Telemetry
import WireHTTP

/// How the app is called, and how other sidecars reach it.
struct AppCalls: Sendable {
    let channel: any AppChannel
    /// Nil if the app doesn't speak gRPC.
    let grpc: GRPCAppChannel?
    /// Whether the app can be called over HTTP at all.
    let canCall: Bool
    /// Nil if the app's health isn't checked.
    let health: AppHealth?
    /// What other sidecars must know to call this one.
    let secret: String

    init(_ app: AppConfiguration) {
        secret = Self.newSecret()
        canCall = app.port != nil && app.protocol == .http
        guard let address = app.listen else {
            (channel, grpc, health) = (ClosedAppChannel(reason: .noPort), nil, nil)
            return
        }
        let eventLoops = EpollEventLoopGroup.singleton
        let concurrency = app.maxConcurrency > 0 ? app.maxConcurrency : nil
        switch app.protocol {
        case .http:
            let upstream = HTTPUpstream(address: address, eventLoopGroup: eventLoops)
            health = app.health.enabled ? AppHealth(AppHealth.Check(app.health), upstream) : nil
            channel = HTTPAppChannel(upstream, token: app.token, concurrency: concurrency, health: health)
            grpc = nil
        case .grpc:
            let upstream = HTTP2Upstream(address: address, eventLoopGroup: eventLoops)
            health = nil
            channel = ClosedAppChannel(reason: .speaksGRPC)
            grpc = GRPCAppChannel(upstream, token: app.token, concurrency: concurrency, health: health)
        }
    }

    /// 128 random bits.
    private static func newSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in String(generator.next() as UInt64, radix: 16) }.joined()
    }

    /// The app as subscriptions see it.
    func subscribed(_ app: AppConfiguration, tracer: Tracer) -> Subscriber.App {
        Subscriber.App(
            id: app.id ?? "", channel: canCall ? channel : nil, health: health, tracer: tracer,
            deliveryTimeout: app.deliveryTimeout)
    }

    /// What answers other sidecars.
    func responder(
        _ health: HealthState, _ tracer: Tracer, _ accessControl: AccessControl?, _ logger: Logger
    ) -> InternalResponder? {
        APIToken(secret).map {
            InternalResponder(
                app: channel, secret: $0, health: health, tracer: tracer, accessControl: accessControl, logger: logger)
        }
    }

    /// What answers other sidecars that call over gRPC.
    func grpcResponder(
        _ health: HealthState, _ tracer: Tracer, _ accessControl: AccessControl?, _ logger: Logger
    ) -> InternalGRPCResponder? {
        APIToken(secret).map {
            InternalGRPCResponder(
                app: grpc, secret: $0, tracer: tracer, accessControl: accessControl, logger: logger
            ) { health.isDraining }
        }
    }
}

/// The channel to an app that can't be called.
private struct ClosedAppChannel: AppChannel {
    var reason: AppChannelError

    func call(
        _ request: HTTPRequest, within timeout: TimeAmount?
    ) async throws(AppChannelError) -> AppCall {
        throw reason
    }
}

/// Finds nobody: a sidecar without the registry has no neighbours.
struct NoNeighbours: NameResolver {
    func resolve(_ appID: String, namespace: String, isFresh: Bool) async throws -> [SidecarPeer] { [] }
}

/// Asks the app for its health as long as the sidecar runs.
struct AppHealthService: Service {
    var health: AppHealth

    func run() async throws {
        let health = health
        let asking = Task { await health.run() }
        try? await gracefulShutdown()
        asking.cancel()
    }
}

extension AppHealth.Check {
    fileprivate init(_ configuration: HealthConfiguration) {
        self.init()
        path = configuration.path
        interval = configuration.interval
        timeout = configuration.timeout
        threshold = configuration.threshold
    }
}
