// SPDX-License-Identifier: Apache-2.0

package import Core
import HTTPTypes
package import HummingbirdCore
package import Logging
package import NIOCore
import ServiceLifecycle
import Synchronization
import Telemetry

/// One HTTP/1.1 listener: an address, a function that answers requests, and an end that loses none of them.
///
/// `bind` takes the port and begins to answer, so that the port is known before anybody is told about it; `run` then
/// lasts until a graceful shutdown, in which idle connections are closed and busy ones after their answer.
package final class HTTPListener: Service {
    /// Answers a request. `Connection: close` in the answer says that the body wasn't read and won't be.
    package typealias Responder = @Sendable (Request) async throws -> Response

    private struct Running: Sendable {
        var server: Server<HTTPConnectionChannel>
        var serving: Task<Void, any Error>
        var port: Int
    }

    package let address: ListenAddress
    private let limits: HTTPListenerLimits
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let respond: Responder
    private let inFlight = InFlightRequests()
    private let running = Mutex<Running?>(nil)

    package init(
        address: ListenAddress, limits: HTTPListenerLimits = HTTPListenerLimits(),
        eventLoopGroup: any EventLoopGroup, logger: Logger, respond: @escaping Responder
    ) {
        self.address = address
        self.limits = limits
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
        self.respond = respond
    }

    /// The port that is listened on, once `bind` has returned.
    package var boundPort: Int? { running.withLock { $0?.port } }

    /// Takes the port, begins to answer, and returns the port: the one asked for, or the one found when that was 0,
    /// or, if `orAnyFree`, when that is in use.
    @discardableResult
    package func bind(orAnyFree: Bool = false) async throws(ListenError) -> Int {
        precondition(boundPort == nil, "A listener is bound once.")
        do {
            return try await bind(port: address.port)
        } catch {
            guard orAnyFree, case .addressInUse = error.reason else { throw error }
            return try await bind(port: 0)
        }
    }

    private func bind(port: Int) async throws(ListenError) -> Int {
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let server = makeServer(port: port) { port in
            bound.yield(port)
            bound.finish()
        }
        // Detached: the listener ends when `run` or `stop` says so, not with the service group that it is bound in.
        let serving = Task.detached {
            defer { bound.finish() }
            try await server.run()
        }
        for await port in ports {
            running.withLock { $0 = Running(server: server, serving: serving, port: port) }
            return port
        }
        switch await serving.result {
        case .success: throw ListenError(address, cause: nil)
        case .failure(let error): throw ListenError(address, cause: error)
        }
    }

    /// Binds if that hasn't been done, and answers until a graceful shutdown, `stop`, or cancellation.
    package func run() async throws {
        if boundPort == nil { try await bind() }
        guard let running = running.withLock({ $0 }) else { return }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await running.serving.value
            } onGracefulShutdown: {
                Task { try await running.server.shutdownGracefully() }
            }
        } onCancel: {
            running.serving.cancel()
        }
    }

    /// Ends the listener as a graceful shutdown does, and returns when its last connection is closed.
    package func stop() async {
        guard let running = running.withLock({ $0 }) else { return }
        do {
            try await running.server.shutdownGracefully()
            try await running.serving.value
        } catch {
            logger.emit(.listenerStoppedBadly(address: address, error: error))
        }
    }

    /// Waits until no request is being answered; new ones may come at any time.
    package func drained() async { await inFlight.drained() }

    private func makeServer(port: Int, whenBound: @escaping @Sendable (Int) -> Void) -> Server<HTTPConnectionChannel> {
        let responder = ConnectionResponder(limits: limits, inFlight: inFlight, logger: logger, respond: respond)
        let http1 = HTTP1Channel(
            responder: { request, writer, channel in try await responder.answer(request, writer, channel) },
            configuration: HTTP1Channel.Configuration(
                idleTimeout: limits.idleTimeout,
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerFieldBytesMax, maxHeaderListSize: limits.headerBytesMax,
                    maxHeaderFieldCount: limits.headerCountMax)))
        return Server(
            childChannelSetup: HTTPConnectionChannel(http1: http1, limits: limits),
            configuration: ServerConfiguration(
                address: .hostname(address.host, port: port), backlog: limits.backlog,
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connectionsMax)),
            onServerRunning: { whenBound($0.localAddress?.port ?? 0) },
            eventLoopGroup: eventLoopGroup,
            // The server's own lines repeat what the catalogue of events says better.
            logger: Logger(label: "http", factory: { _ in SwiftLogNoOpLogHandler() }))
    }
}
