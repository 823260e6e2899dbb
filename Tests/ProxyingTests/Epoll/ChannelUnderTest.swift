// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import Testing

@testable import Proxying

/// A channel on a loop of its own, the socket at its other end, and what its handler was told.
struct ChannelUnderTest: Sendable {
    let loop: EpollEventLoop
    let channel: EpollChannel
    let peer: PeerSocket
    let trace: ChannelTrace

    /// Runs `body` with a channel in whose pipeline a handler notes everything, and ends the loop.
    ///
    /// - Parameter prepare: is called on the loop, before the channel is active.
    static func run(
        _ sockets: ConnectedSockets = .unix, _ change: (inout SocketSettings) -> Void = { _ in },
        prepare: @escaping @Sendable (EpollChannel, ChannelTrace) throws -> Void = { _, _ in },
        _ body: (ChannelUnderTest) async throws -> Void
    ) async throws {
        var settings = SocketSettings()
        change(&settings)
        let (descriptor, peer) = try sockets.open()
        try await EpollEventLoopGroup.run { group in
            let (loop, trace) = (group.loops[0], ChannelTrace())
            let channel = try await loop.begin(descriptor, settings) { channel in
                try channel.pipeline.syncOperations.addHandler(TracingHandler(trace))
                try prepare(channel, trace)
            }
            try await body(ChannelUnderTest(loop: loop, channel: channel, peer: peer, trace: trace))
        }
    }

    /// Does something on the loop.
    @discardableResult
    func on<Value: Sendable>(_ act: @escaping @Sendable (EpollChannel) throws -> Value) async throws -> Value {
        try await loop.submit { [channel] in try act(channel) }.get()
    }

    /// Returns when the loop has dealt with all that has happened to the socket until now.
    func settle() async throws { try await loop.settle() }

    /// Gives all that is read to the trace, past the pipeline.
    func readDirectly(hearsEndAtOnce: Bool = true) async throws {
        try await on { [trace] channel in
            channel.hearsEndAtOnce = hearsEndAtOnce
            channel.read(into: TracingReader(trace))
        }
    }
}

extension EpollEventLoopGroup {
    /// Runs `body` with a group, and ends it.
    static func run(loops: Int = 1, _ body: (EpollEventLoopGroup) async throws -> Void) async throws {
        let group = EpollEventLoopGroup(count: loops, name: "test")
        do { try await body(group) } catch {
            await group.shutdownGracefully()
            throw error
        }
        await group.shutdownGracefully()
    }
}

extension EpollEventLoop {
    /// A channel for a socket.
    func begin(
        _ descriptor: Int32, _ settings: SocketSettings = SocketSettings(),
        prepare: @escaping @Sendable (EpollChannel) throws -> Void = { _ in }
    ) async throws -> EpollChannel {
        try await submit {
            let channel = EpollChannel(self, descriptor: descriptor, to: nil, settings)
            try channel.begin(nil, prepare)
            return channel
        }.get()
    }

    /// Between two tasks that are asked for one after the other the loop looks at its sockets.
    func settle() async throws { for _ in 0..<6 { try await submit {}.get() } }
}

/// What a channel's handlers were told, in order.
final class ChannelTrace: Sendable {
    private struct State {
        var events: [String] = []
        var bytes: [UInt8] = []
        /// How many bytes had come at each event.
        var chunks: [Int] = []
    }

    private let state = Mutex(State())

    func note(_ event: String) { state.withLock { $0.events.append(event) } }

    func note(_ bytes: ByteBuffer) {
        state.withLock {
            $0.bytes.append(contentsOf: bytes.readableBytesView)
            $0.chunks.append(bytes.readableBytes)
        }
    }

    var events: [String] { state.withLock { $0.events } }
    var bytes: [UInt8] { state.withLock { $0.bytes } }
    var chunks: [Int] { state.withLock { $0.chunks } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var byteCount: Int { state.withLock { $0.bytes.count } }
}

/// Notes everything in a trace.
final class TracingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let trace: ChannelTrace

    init(_ trace: ChannelTrace) { self.trace = trace }

    func channelRegistered(context: ChannelHandlerContext) { trace.note("registered") }

    func channelActive(context: ChannelHandlerContext) {
        trace.note("active")
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        trace.note(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        trace.note("inactive")
        context.fireChannelInactive()
    }

    func channelUnregistered(context: ChannelHandlerContext) { trace.note("unregistered") }
    func handlerRemoved(context: ChannelHandlerContext) { trace.note("removed") }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        trace.note(context.channel.isWritable ? "writable" : "unwritable")
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        trace.note("\(event)")
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        trace.note((error as? IOError).map { "error \($0.errnoCode)" } ?? "error \(error)")
    }
}

/// Notes what comes past the pipeline, and does something with it.
final class TracingReader: SocketReader {
    private let trace: ChannelTrace
    private let act: (ByteBuffer) -> Void

    init(_ trace: ChannelTrace, _ act: @escaping (ByteBuffer) -> Void = { _ in }) {
        (self.trace, self.act) = (trace, act)
    }

    func received(_ bytes: inout ByteBuffer) {
        trace.note(bytes)
        act(bytes)
    }
}

/// Waits until something is so; for what other threads bring about.
func eventually(
    sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("It never came about.", sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}
