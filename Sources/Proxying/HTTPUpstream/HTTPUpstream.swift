// SPDX-License-Identifier: Apache-2.0

package import Core
import Glibc
package import NIOCore
import NIOPosix
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
    /// Where connections go, if that isn't to be looked up by `address`.
    private let socketAddress: SocketAddress?
    /// What each connection begins with.
    private let opening: ByteBuffer
    let limits: HTTPUpstreamLimits
    private let tls: TLSClient?
    /// The field `Host` of requests that have none.
    private let host: String
    private let eventLoopGroup: any EventLoopGroup
    private let loops: [ObjectIdentifier: Loop]

    /// What an event loop keeps; touched only there.
    private struct Loop: Sendable {
        var executor: EventLoopTaskExecutor
        var pool: NIOLoopBoundBox<HTTPUpstreamPool?>
    }

    /// - Parameters:
    ///   - socketAddress: where connections go; nil: to what `address` is found to be for each of them.
    ///   - opening: what each connection begins with, before TLS: a header of the PROXY protocol.
    ///   - tls: encrypts the connections; nil for plain HTTP. It should offer `http/1.1` only.
    package init(
        address: ListenAddress, at socketAddress: SocketAddress? = nil, opening: ByteBuffer = ByteBuffer(),
        tls: TLSClient? = nil, limits: HTTPUpstreamLimits = .init(),
        eventLoopGroup: any EventLoopGroup
    ) {
        self.address = address
        self.opening = opening
        self.socketAddress = socketAddress
        self.tls = tls
        self.limits = limits
        host = Self.hostField(address, isSecure: tls != nil)
        self.eventLoopGroup = eventLoopGroup
        loops = Dictionary(
            uniqueKeysWithValues: eventLoopGroup.makeIterator().map { eventLoop in
                let pool = NIOLoopBoundBox.makeEmptyBox(valueType: HTTPUpstreamPool.self, eventLoop: eventLoop)
                return (ObjectIdentifier(eventLoop), Loop(executor: EventLoopTaskExecutor(eventLoop), pool: pool))
            })
    }

    /// The scheme's own port isn't named, as in browsers; some servers know no other form.
    private static func hostField(_ address: ListenAddress, isSecure: Bool) -> String {
        guard address.port == (isSecure ? 443 : 80) else { return "\(address)" }
        return address.host.contains(":") ? "[\(address.host)]" : address.host
    }

    /// Sends a request and returns when the response's head is here, within `timeout` if there is one.
    ///
    /// `Host`, `Content-Length` and `Transfer-Encoding` are added; the request has none of them, nor any other field
    /// that belongs to a connection, but for a `Content-Length` of a streamed body. The upload of such a body goes on
    /// after the response's head has come. Cancelling the task closes the connection.
    package func send(
        _ request: HTTPRequest, within timeout: TimeAmount? = nil
    ) async throws(HTTPUpstreamError) -> Response {
        if let current = MultiThreadedEventLoopGroup.currentEventLoop, let loop = loops[ObjectIdentifier(current)] {
            return try await send(request, timeout, loop)
        }
        guard let loop = loops[ObjectIdentifier(eventLoopGroup.next())] else {
            throw .unreachable("there is no event loop")
        }
        return try await withTaskExecutorPreference(loop.executor) { () async throws(HTTPUpstreamError) in
            try await send(request, timeout, loop)
        }
    }

    /// Closes the connections that nobody uses.
    package func closeIdle() {
        for loop in loops.values {
            loop.executor.eventLoop.execute { loop.pool.value?.closeIdle() }
        }
    }

    // MARK: - On the loop

    private func send(
        _ request: HTTPRequest, _ timeout: TimeAmount?, _ loop: Loop
    ) async throws(HTTPUpstreamError) -> Response {
        let pool = loop.pool.value ?? HTTPUpstreamPool(limits)
        if loop.pool.value == nil { loop.pool.value = pool }
        while let idle = pool.takeIdle() {
            do throws(HTTPUpstreamError) {
                return try await idle.exchange(request, timeout)
            } catch {
                // The server closed the idle connection just when it was used again. What may be done twice, and can
                // be sent twice, is sent again (RFC 9110, section 9.2.2).
                guard case .closed = error, idle.hasHeardNothing, request.isRepeatable else { throw error }
            }
        }
        return try await connect(pool, timeout, loop).exchange(request, timeout)
    }

    private func connect(
        _ pool: HTTPUpstreamPool, _ timeout: TimeAmount?, _ loop: Loop
    ) async throws(HTTPUpstreamError) -> HTTPUpstreamConnection {
        guard !pool.isFull else { throw .overloaded(limit: limits.connectionsMax) }
        pool.connecting += 1
        defer { pool.connecting -= 1 }
        let (host, tls, serverName, opening) = (host, tls, address.host, opening)
        let bound = NIOLoopBound(pool, eventLoop: loop.executor.eventLoop)
        let executor = loop.executor
        let limit = min(.seconds(Int64(limits.connectSeconds)), timeout ?? .seconds(Int64(limits.connectSeconds)))
        do {
            let channel = try await Self.open(
                ClientBootstrap(group: executor.eventLoop)
                    .connectTimeout(limit)
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            if opening.readableBytes > 0 {
                                try channel.pipeline.syncOperations.addHandler(OpeningBytes(opening))
                            }
                            let secured = try tls?.secure(channel, host: serverName, within: limit)
                            try channel.pipeline.syncOperations.addHandler(
                                HTTPUpstreamConnection(bound.value, host: host, secured, executor: executor))
                        }
                    }, address, at: socketAddress
            ).get()
            let connection = try channel.pipeline.syncOperations.handler(type: HTTPUpstreamConnection.self)
            try await connection.secured?.get()
            return connection
        } catch {
            throw .unreachable(Self.reason(error, address))
        }
    }

    /// A host that is an IP address needs no look-up, which NIO does on a thread of its own.
    static func open(
        _ bootstrap: ClientBootstrap, _ address: ListenAddress, at socketAddress: SocketAddress? = nil
    ) -> EventLoopFuture<any Channel> {
        if let socketAddress { return bootstrap.connect(to: socketAddress) }
        if let address = try? SocketAddress(ipAddress: address.host, port: address.port) {
            return bootstrap.connect(to: address)
        }
        return bootstrap.connect(host: address.host, port: address.port)
    }

    /// Why no connection could be made, as a sentence.
    static func reason(_ error: any Error, _ address: ListenAddress) -> String {
        switch error {
        case let error as IOError: "can't connect to \(address): \(String(cString: strerror(error.errnoCode)))"
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason($0.error, address) }
                ?? "can't find the address of \(address.host)"
        case let error as TLSFailure: "no secure connection to \(address): \(error)"
        case ChannelError.connectTimeout: "can't connect to \(address): no answer in time"
        // The channel lost its handler, so it was closed before it could be used.
        case is ChannelPipelineError: "the connection to \(address) was closed at once"
        default: "can't connect to \(address): \(error)"
        }
    }
}

extension HTTPRequest {
    /// Whether it can be sent twice, and has the same effect then.
    fileprivate var isRepeatable: Bool {
        guard case .bytes = body else { return false }
        switch head.method {
        case .get, .head, .put, .delete, .options, .trace: return true
        case .post, .patch, .connect, .other: return false
        }
    }
}
