// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2

/// What a listener does with clients that speak HTTP/2 from their first byte (RFC 9113, section 3.3).
package struct HTTP2Service: Sendable {
    /// Answers a request, or passes it on, on the connection's event loop; its task is cancelled when the client
    /// leaves.
    package typealias Responder = @Sendable (HTTP2Call) async -> Void

    var limits: HTTP2Limits
    var respond: Responder

    package init(limits: HTTP2Limits = HTTP2Limits(), respond: @escaping Responder) {
        self.limits = limits
        self.respond = respond
    }

    /// What all connections of a listener share.
    struct Shared: Sendable {
        var limits: HTTP2Limits
        var inFlight: InFlightRequests
        var connections: OpenConnections
        var respond: Responder
    }

    func shared(_ inFlight: InFlightRequests, _ connections: OpenConnections) -> Shared {
        Shared(limits: limits, inFlight: inFlight, connections: connections, respond: respond)
    }
}

extension HTTP2Service.Shared {
    /// Adds what makes streams of a connection's bytes, and relays of its streams.
    func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations, executor: EventLoopTaskExecutor) throws {
        let configuration = limits.configuration(.server)
        let management = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: executor.eventLoop,
            configuration: NIOHTTP2ServerConnectionManagementHandler.Configuration(
                maxIdleTime: limits.idleTimeout, maxAge: nil, maxGraceTime: limits.drainTimeout,
                keepalive: NIOHTTP2ServerConnectionManagementHandler.Configuration.Keepalive(
                    pingInterval: limits.pingInterval, ackTimeout: limits.pingTimeout)))
        try pipeline.addHandler(FlushGate())
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: configuration.connection,
            streamConfiguration: configuration.stream, streamDelegate: management.http2StreamDelegate
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                let relay = HTTP2Relay(self, executor: executor)
                try stream.pipeline.syncOperations.addHandler(relay.makeDownstream())
            }
        }
        try pipeline.addHandler(management)
        try pipeline.addHandler(HTTP2Connection(connections))
        // The connection was active before, which those behind NIO's handler don't know.
        try pipeline.context(handlerType: NIOHTTP2Handler.self).fireChannelActive()
    }
}

/// One connection of a listener whose client speaks HTTP/2, behind all that deals with its frames.
final class HTTP2Connection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let connections: OpenConnections
    private var registration: OpenConnections.ID?

    init(_ connections: OpenConnections) { self.connections = connections }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        registration = connections.add(
            OpenConnections.Ends(
                drain: {
                    channel.eventLoop.execute {
                        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
                    }
                },
                close: { channel.close(promise: nil) }))
        // The listener began to end before it could know of this connection.
        if registration == nil { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { unregister() }

    func channelInactive(context: ChannelHandlerContext) {
        unregister()
        context.fireChannelInactive()
    }

    private func unregister() {
        if let registration { connections.remove(registration) }
        registration = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !error.isOfOneStream { context.close(promise: nil) }
    }
}
