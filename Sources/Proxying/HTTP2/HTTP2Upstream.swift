// SPDX-License-Identifier: Apache-2.0

package import Core
import NIOCore
import NIOHTTP2

/// One server that is called over HTTP/2 in clear text. All streams that are passed on from one event loop share one
/// connection, so that a stream never changes its thread.
package final class HTTP2Upstream: Sendable {
    package let address: ListenAddress
    let limits: HTTP2Limits
    private let loops: [ObjectIdentifier: NIOLoopBoundBox<Connections>]

    /// What an event loop has of it.
    private struct Connections {
        var current: HTTP2UpstreamConnection?
        var opening: EventLoopFuture<NIOLoopBound<HTTP2UpstreamConnection>>?
    }

    package init(address: ListenAddress, limits: HTTP2Limits = HTTP2Limits(), eventLoopGroup: EpollEventLoopGroup) {
        self.address = address
        self.limits = limits
        loops = Dictionary(
            uniqueKeysWithValues: eventLoopGroup.loops.map { eventLoop in
                let box = NIOLoopBoundBox.makeBoxSendingValue(Connections(), eventLoop: eventLoop)
                return (ObjectIdentifier(eventLoop), box)
            })
    }

    /// Closes every connection as soon as it carries no stream; the next call makes a new one.
    package func closeIdle() {
        for box in loops.values {
            box.eventLoop.execute {
                box.value.current?.retire()
                box.value.current = nil
            }
        }
    }

    /// The loop's connection; it is made if there is none that takes another stream.
    func connection(
        on eventLoop: EpollEventLoop
    ) async throws(HTTPUpstreamError) -> NIOLoopBound<HTTP2UpstreamConnection> {
        guard let box = loops[ObjectIdentifier(eventLoop)] else { throw .unreachable("there is no such event loop") }
        if let current = box.value.current, current.isOpen {
            guard !current.isFull else { throw .overloaded(limit: limits.upstreamStreamsOpenMax) }
            return NIOLoopBound(current, eventLoop: eventLoop)
        }
        do { return try await opening(box, on: eventLoop).get() } catch {
            throw .unreachable(RelayFailure(connecting: error).reason(address))
        }
    }

    private func opening(
        _ box: NIOLoopBoundBox<Connections>, on eventLoop: EpollEventLoop
    ) -> EventLoopFuture<NIOLoopBound<HTTP2UpstreamConnection>> {
        if let opening = box.value.opening { return opening }
        let opening = connect(eventLoop)
        box.value.opening = opening
        opening.assumeIsolated().whenComplete { result in
            box.value.opening = nil
            if case .success(let connection) = result { box.value.current = connection.value }
        }
        return opening
    }

    private func connect(_ eventLoop: EpollEventLoop) -> EventLoopFuture<NIOLoopBound<HTTP2UpstreamConnection>> {
        let connector = StreamConnector(eventLoop, within: .seconds(Int64(HTTPUpstreamLimits().connectSeconds)))
        let opening = connector.connect(to: StreamTarget(address)) { try self.addHandlers(to: $0) }
        return opening.flatMapThrowing { channel in
            let connection = try channel.pipeline.syncOperations.handler(type: HTTP2UpstreamConnection.self)
            return NIOLoopBound(connection, eventLoop: channel.eventLoop)
        }
    }

    private func addHandlers(to channel: EpollChannel) throws {
        let pipeline = channel.pipeline.syncOperations
        let configuration = limits.configuration(.client)
        try pipeline.addHandler(FlushGate())
        let streams = try pipeline.configureHTTP2Pipeline(
            mode: .client, connectionConfiguration: configuration.connection,
            streamConfiguration: configuration.stream
        ) { stream in
            // No server begins a stream, since pushes are off.
            stream.close()
        }
        try pipeline.addHandler(HTTP2UpstreamConnection(streams, limits))
    }
}
