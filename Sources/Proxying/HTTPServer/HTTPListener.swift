// SPDX-License-Identifier: Apache-2.0

package import Core
package import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import Telemetry

/// One HTTP/1.1 listener, which may serve HTTP/2 beside it: an address, a function that answers requests, and an end
/// that loses none of them.
///
/// `bind` takes the port and begins to answer, so that the port is known before anybody is told about it; `run` then
/// lasts until a graceful shutdown, in which idle connections are closed and busy ones after their answer.
package final class HTTPListener: Service {
    /// Answers a request, on the connection's event loop until it goes elsewhere itself: it must not block. Its task is
    /// cancelled when the client leaves.
    package typealias Responder = @Sendable (HTTPRequest) async throws -> HTTPResponse

    package let address: ListenAddress
    private let tls: TLSServer?
    private let eventLoopGroup: EpollEventLoopGroup
    private let shared: HTTPConnection.Shared
    private let http2: HTTP2Service.Shared?
    private let executors: [ObjectIdentifier: EventLoopTaskExecutor]
    private let bound = Mutex<StreamListener?>(nil)

    /// - Parameter tls: nil for plain HTTP.
    package init(
        address: ListenAddress, tls: TLSServer? = nil, limits: HTTPListenerLimits = HTTPListenerLimits(),
        eventLoopGroup: EpollEventLoopGroup, logger: Logger, http2: HTTP2Service? = nil, respond: @escaping Responder
    ) {
        self.address = address
        self.tls = tls
        self.eventLoopGroup = eventLoopGroup
        let (inFlight, connections) = (InFlightRequests(), OpenConnections())
        shared = HTTPConnection.Shared(
            limits: limits, inFlight: inFlight, connections: connections, logger: logger, respond: respond)
        self.http2 = http2?.shared(inFlight, connections)
        executors = Dictionary(
            uniqueKeysWithValues: eventLoopGroup.loops.map {
                (ObjectIdentifier($0), EventLoopTaskExecutor($0))
            })
    }

    /// The port that is listened on, once `bind` has returned.
    package var boundPort: Int? { bound.withLock { $0?.port } }

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
        do {
            let address = ListenAddress(host: address.host, port: port)
            let listener = try await StreamListener.bind(to: address, rules, group: eventLoopGroup) { [self] in
                try welcome($0)
            }
            bound.withLock { $0 = listener }
            return listener.port
        } catch {
            throw ListenError(address, cause: error)
        }
    }

    private var rules: StreamListener.Rules {
        var rules = StreamListener.Rules()
        rules.backlog = shared.limits.backlog
        rules.connectionsMax = shared.limits.connectionsMax
        return rules
    }

    private func welcome(_ channel: EpollChannel) throws {
        try tls?.secure(channel, within: shared.limits.headTimeout)
        let executor = executors[ObjectIdentifier(channel.loop)] ?? EventLoopTaskExecutor(channel.loop)
        let pipeline = channel.pipeline.syncOperations
        let connection = HTTPConnection(shared, executor: executor)
        if let http2 { try pipeline.addHandler(HTTP2PrefaceDetector(http2, before: connection, executor: executor)) }
        try pipeline.addHandler(connection)
    }

    /// Binds if that hasn't been done, and answers until a graceful shutdown, `stop`, or cancellation, which cuts off
    /// what is being answered.
    package func run() async throws {
        if boundPort == nil { try await bind() }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                guard let listener = bound.withLock({ $0 }) else { return }
                await listener.whenClosed()
                await shared.connections.closed()
            } onGracefulShutdown: {
                self.beginStop()
            }
        } onCancel: {
            beginStop()
            shared.connections.close()
        }
    }

    /// Ends the listener as a graceful shutdown does, and returns when its last connection is closed.
    package func stop() async {
        beginStop()
        await bound.withLock({ $0 })?.whenClosed()
        await shared.connections.closed()
    }

    private func beginStop() {
        bound.withLock { $0 }?.beginClose()
        shared.connections.drain()
    }

    /// Waits until no request is being answered; new ones may come at any time.
    package func drained() async { await shared.inFlight.drained() }
}
