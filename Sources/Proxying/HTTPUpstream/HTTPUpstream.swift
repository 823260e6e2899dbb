// SPDX-License-Identifier: Apache-2.0

package import Core
package import NIOCore
package import WireHTTP

/// One HTTP/1.1 server that is called, with the connections to it.
///
/// A request is made on the event loop of whoever asks, if that is on one: then neither request nor response ever
/// changes its thread. Each loop keeps its own idle connections.
package final class HTTPUpstream: Sendable {
    /// A response, of which the body may still be coming. A body that nobody holds any more ends its connection.
    package struct Response: Sendable {
        package var head: HTTPResponseHead
        package var body: HTTPBody

        package init(head: HTTPResponseHead, body: HTTPBody) {
            self.head = head
            self.body = body
        }
    }

    package let address: ListenAddress
    private let target: StreamTarget
    /// What each connection begins with.
    let opening: ByteBuffer?
    let limits: HTTPUpstreamLimits
    private let tls: TLSClient?
    /// The field `Host` of requests that have none.
    let host: String
    private let eventLoopGroup: EpollEventLoopGroup
    private let loops: [ObjectIdentifier: Loop]

    private struct Loop: Sendable {
        var executor: EventLoopTaskExecutor
        /// Made with the first request.
        var place: NIOLoopBoundBox<Place?>
    }

    /// What it has on an event loop; touched only there.
    struct Place {
        let loop: HTTPUpstreamLoop
        let connections: RelayConnections
    }

    /// - Parameters:
    ///   - socketAddress: where connections go; nil: to what `address` is found to be for each of them.
    ///   - opening: what each connection begins with, before TLS: a header of the PROXY protocol.
    ///   - tls: encrypts the connections; nil for plain HTTP. It should offer `http/1.1` only.
    package init(
        address: ListenAddress, at socketAddress: SocketAddress? = nil, opening: ByteBuffer = ByteBuffer(),
        tls: TLSClient? = nil, limits: HTTPUpstreamLimits = .init(),
        eventLoopGroup: EpollEventLoopGroup
    ) {
        self.address = address
        self.opening = opening.readableBytes > 0 ? opening : nil
        target = socketAddress.map { .address($0) } ?? StreamTarget(address)
        self.tls = tls
        self.limits = limits
        host = Self.hostField(address, isSecure: tls != nil)
        self.eventLoopGroup = eventLoopGroup
        loops = Dictionary(
            uniqueKeysWithValues: eventLoopGroup.loops.map { eventLoop in
                let place = NIOLoopBoundBox.makeEmptyBox(valueType: Place.self, eventLoop: eventLoop)
                return (ObjectIdentifier(eventLoop), Loop(executor: EventLoopTaskExecutor(eventLoop), place: place))
            })
    }

    /// The scheme's own port isn't named, as in browsers; some servers know no other form.
    private static func hostField(_ address: ListenAddress, isSecure: Bool) -> String {
        guard address.port == (isSecure ? 443 : 80) else { return "\(address)" }
        return address.host.contains(":") ? "[\(address.host)]" : address.host
    }

    /// Sends a request and returns when the response's head is here, and with it the body if that is short, within
    /// `timeout` if there is one.
    ///
    /// `Host`, `Content-Length` and `Transfer-Encoding` are added; the request has none of them, nor any other field
    /// that belongs to a connection, but for a `Content-Length` of a streamed body. The upload of such a body goes on
    /// after the response's head has come. Cancelling the task closes the connection.
    package func send(
        _ request: HTTPRequest, within timeout: TimeAmount? = nil
    ) async throws(HTTPUpstreamError) -> Response {
        if let current = eventLoopGroup.current, let loop = loops[ObjectIdentifier(current)] {
            return try await send(request, timeout, loop)
        }
        guard let loop = loops[ObjectIdentifier(eventLoopGroup.nextLoop())] else {
            throw .unreachable("there is no event loop")
        }
        return try await withTaskExecutorPreference(loop.executor) { () async throws(HTTPUpstreamError) in
            try await send(request, timeout, loop)
        }
    }

    /// Closes the connections that nobody uses.
    package func closeIdle() {
        for loop in loops.values {
            loop.executor.eventLoop.execute { loop.place.value?.connections.closeIdle() }
        }
    }

    // MARK: - On the loop

    private func send(
        _ request: HTTPRequest, _ timeout: TimeAmount?, _ loop: Loop
    ) async throws(HTTPUpstreamError) -> Response {
        if Task.isCancelled { throw .cancelled }
        let exchange = HTTPUpstreamExchange(request, self, place(on: loop), loop.executor)
        return try await exchange.perform(within: timeout)
    }

    private func place(on loop: Loop) -> Place {
        if let place = loop.place.value { return place }
        let shared = HTTPUpstreamLoop.current(loop.executor.eventLoop)
        let place = Place(loop: shared, connections: RelayConnections(shared.relay, to: target, connectionRules))
        loop.place.value = place
        return place
    }

    private var connectionRules: RelayConnectionRules {
        var rules = RelayConnectionRules()
        rules.connectionsMax = limits.connectionsMax
        // Whoever asks decides where else to ask, or when again.
        rules.waitingMax = 0
        rules.idleMax = limits.idleConnectionsMax
        rules.idleTime = .seconds(Int64(limits.idleSeconds))
        rules.connectTimeout = .seconds(Int64(limits.connectSeconds))
        rules.host = address.host
        rules.tls = tls
        rules.isPrivate = opening != nil
        return rules
    }
}
