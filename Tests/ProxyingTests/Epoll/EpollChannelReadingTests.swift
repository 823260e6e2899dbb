// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Testing

@testable import Proxying

/// What comes to a connection of an event loop.
@Suite(.timeLimit(.minutes(1))) struct EpollChannelReadingTests {
    /// Sends back what comes, and reads no more while the socket takes none.
    private final class DirectEcho: ChannelInboundHandler, SocketReader {
        typealias InboundIn = ByteBuffer
        private var channel: EpollChannel?
        private let holds: Count

        init(holds: Count) { self.holds = holds }

        func channelActive(context: ChannelHandlerContext) {
            channel = context.channel as? EpollChannel
            channel?.read(into: self)
        }

        func received(_ bytes: inout ByteBuffer) {
            channel?.send(bytes)
            holdOrGoOn()
        }

        func channelWritabilityChanged(context: ChannelHandlerContext) { holdOrGoOn() }

        private func holdOrGoOn() {
            guard let channel, channel.isReading != channel.isWritable else { return }
            channel.isReading = channel.isWritable
            if !channel.isReading { holds.add() }
        }

        func channelInactive(context: ChannelHandlerContext) { channel = nil }
    }

    private final class PipelineEcho: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.writeAndFlush(data, promise: nil) }
    }

    /// Sends many bytes and reads them back in its own time; whether they are the same.
    ///
    /// - Parameter isStopped: whether the other side has had to wait, which comes before anything is read.
    private func echoes(_ peer: PeerSocket, _ count: Int, isStopped: () -> Bool = { true }) async throws {
        let bytes = numberedBytes(count)
        #expect(DetachedThread.start(name: "writing") { peer.write(bytes) })
        try await eventually { isStopped() }
        var read: [UInt8] = []
        while read.count < count {
            let more = try peer.read(atMost: 200_000)
            if more.isEmpty { break }
            read += more
            // Slower than the other side at times, so that both have to wait.
            if read.count % 7 == 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(read == bytes)
    }

    @Test("Many bytes come back to a slow reader whole", arguments: [ConnectedSockets.unix, .tcp])
    func echoesDirectly(_ sockets: ConnectedSockets) async throws {
        let holds = Count()
        let prepare: @Sendable (EpollChannel, ChannelTrace) throws -> Void = { channel, _ in
            try channel.pipeline.syncOperations.addHandler(DirectEcho(holds: holds))
        }
        try await ChannelUnderTest.run(sockets, prepare: prepare) { test in
            // More than the kernel keeps for both.
            try await echoes(test.peer, 24 << 20) { holds.value > 0 }
        }
    }

    @Test("They do through a pipeline too", arguments: [ConnectedSockets.unix, .tcp])
    func echoesThroughPipeline(_ sockets: ConnectedSockets) async throws {
        let prepare: @Sendable (EpollChannel, ChannelTrace) throws -> Void = { channel, _ in
            try channel.pipeline.syncOperations.addHandler(PipelineEcho())
        }
        try await ChannelUnderTest.run(sockets, prepare: prepare) { test in try await echoes(test.peer, 12 << 20) }
    }

    // MARK: - Holding back

    @Test func `nothing is read while reading is held back, and all of it when it isn't`() async throws {
        try await ChannelUnderTest.run { test in
            try await test.readDirectly()
            try await test.on { $0.isReading = false }
            let bytes = numberedBytes(4 << 20)
            let sent = test.peer.writeAtOnce(bytes)
            try await test.settle()
            #expect(sent > 0 && sent < bytes.count)
            #expect(test.trace.byteCount == 0)
            try await test.on { $0.isReading = true }
            test.peer.write(Array(bytes[sent...]))
            try await eventually { test.trace.byteCount == bytes.count }
            #expect(test.trace.bytes == bytes)
        }
    }

    @Test func `reading that is held back and goes on within the same bytes loses none`() async throws {
        try await ChannelUnderTest.run { test in
            try await test.on { [trace = test.trace] channel in
                channel.read(
                    into: TracingReader(trace) { _ in
                        channel.isReading = false
                        channel.isReading = true
                    })
            }
            let bytes = numberedBytes(1 << 20)
            test.peer.write(bytes)
            try await eventually { test.trace.byteCount == bytes.count }
            #expect(test.trace.bytes == bytes)
        }
    }

    @Test func `a reader that takes one piece at a time gets each`() async throws {
        try await ChannelUnderTest.run { test in
            try await test.on { [trace = test.trace] channel in
                channel.read(into: TracingReader(trace) { _ in channel.isReading = false })
            }
            let bytes = numberedBytes(200_000)
            let sent = test.peer.writeAtOnce(bytes)
            try await test.settle()
            #expect(test.trace.chunks == [EpollEventLoop.readSize])
            while test.trace.byteCount < sent {
                let before = test.trace.chunks.count
                try await test.on { $0.isReading = true }
                try await test.settle()
                try #require(test.trace.chunks.count == before + 1)
            }
            #expect(test.trace.bytes == Array(bytes[..<sent]))
        }
    }

    @Test func `a handler that reads only when it asks gets as much as it asks for`() async throws {
        try await ChannelUnderTest.run { test in
            try await test.on { try $0.syncOptions?.setOption(.autoRead, value: false) }
            // One read was asked for before.
            test.peer.write("a")
            try await eventually { test.trace.text == "a" }
            test.peer.write("b")
            try await test.settle()
            #expect(test.trace.text == "a")
            try await test.on { $0.read() }
            try await eventually { test.trace.text == "ab" }
            test.peer.write("c")
            try await test.settle()
            #expect(test.trace.text == "ab")
            try await test.on { try $0.syncOptions?.setOption(.autoRead, value: true) }
            try await eventually { test.trace.text == "abc" }
        }
    }

    @Test func `a reader gets what came before it while nobody read`() async throws {
        let prepare: @Sendable (EpollChannel, ChannelTrace) throws -> Void = { channel, _ in
            try channel.syncOptions?.setOption(.autoRead, value: false)
        }
        try await ChannelUnderTest.run(prepare: prepare) { test in
            test.peer.write("early")
            try await test.settle()
            #expect(test.trace.text == "")
            try await test.readDirectly()
            try await eventually { test.trace.text == "early" }
        }
    }

    // MARK: - What is handed on

    @Test func `what a handler keeps isn't changed by what comes later`() async throws {
        final class Keeper: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer
            var kept: [ByteBuffer] = []
            func channelRead(context: ChannelHandlerContext, data: NIOAny) { kept.append(unwrapInboundIn(data)) }
        }
        let prepare: @Sendable (EpollChannel, ChannelTrace) throws -> Void = { channel, _ in
            try channel.pipeline.syncOperations.addHandler(Keeper())
        }
        try await ChannelUnderTest.run(prepare: prepare) { test in
            let bytes = numberedBytes(400_000)
            // Few and many at a time: some are copied, and of others the handler has the memory itself.
            for range in [0..<10, 10..<40_000, 40_000..<40_100, 40_100..<400_000] {
                test.peer.write(Array(bytes[range]))
                try await eventually { test.trace.byteCount == range.upperBound }
            }
            let kept = try await test.on { channel in
                try channel.pipeline.syncOperations.handler(type: Keeper.self).kept.flatMap {
                    Array($0.readableBytesView)
                }
            }
            #expect(kept == bytes)
        }
    }

    @Test func `one that sends without end doesn't keep the loop from others`() async throws {
        try await ChannelUnderTest.run { test in
            try await test.readDirectly()
            let (descriptor, peer) = try ConnectedSockets.unix.open()
            let quiet = ChannelTrace()
            _ = try await test.loop.begin(descriptor) { channel in
                try channel.pipeline.syncOperations.addHandler(TracingHandler(quiet))
            }
            let isOver = Count()
            let (loud, block) = (test.peer, numberedBytes(256 << 10))
            #expect(DetachedThread.start(name: "writing") { while isOver.value == 0 { loud.write(block) } })
            for round in 1...20 {
                peer.write("x")
                try await eventually { quiet.byteCount == round }
            }
            isOver.add()
            try await test.on { $0.close(promise: nil) }
        }
    }

    @Test func `a handler that closes while it reads isn't told that the reading is complete`() async throws {
        final class Closer: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer
            private let trace: ChannelTrace
            init(_ trace: ChannelTrace) { self.trace = trace }
            func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.close(promise: nil) }
            func channelReadComplete(context: ChannelHandlerContext) { trace.note("complete") }
        }
        let prepare: @Sendable (EpollChannel, ChannelTrace) throws -> Void = { channel, trace in
            try channel.pipeline.syncOperations.addHandler(Closer(trace))
        }
        try await ChannelUnderTest.run(prepare: prepare) { test in
            test.peer.write("x")
            try await test.channel.closeFuture.get()
            #expect(test.trace.events == ["registered", "active", "inactive", "unregistered", "removed"])
        }
    }

    @Test func `what the kernel says of a socket that is closed reaches nobody else`() async throws {
        try await ChannelUnderTest.run { test in
            let (second, secondPeer) = try ConnectedSockets.unix.open()
            let victim = try await test.loop.begin(second)
            let (third, thirdPeer) = try ConnectedSockets.unix.open()
            let heirTrace = ChannelTrace()
            let begun = Count()
            try await test.on { [loop = test.loop, trace = test.trace, peer = test.peer] channel in
                channel.read(
                    into: TracingReader(trace) { _ in
                        let place = victim.place?.slot
                        victim.close(promise: nil)
                        let heir = EpollChannel(loop, descriptor: third, to: nil, SocketSettings())
                        try? heir.begin { try $0.pipeline.syncOperations.addHandler(TracingHandler(heirTrace)) }
                        if heir.place?.slot == place, place != nil { begun.add() }
                    })
                // Both are told of in one batch, the first of which has the second's place go to another.
                peer.write("x")
                secondPeer.write("for the second")
                secondPeer.endSending()
            }
            try await eventually { begun.value == 1 }
            try await test.settle()
            #expect(heirTrace.events == ["registered", "active"])
            #expect(heirTrace.byteCount == 0)
            thirdPeer.write("for the third")
            try await eventually { heirTrace.text == "for the third" }
        }
    }
}
