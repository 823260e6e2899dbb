// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Testing

@testable import Proxying

/// How a connection of an event loop ends, by either side.
@Suite(.timeLimit(.minutes(1))) struct EpollChannelEndTests {
    private static let begun = ["registered", "active"]
    private static let over = ["inactive", "unregistered", "removed"]

    private struct Refusal: Error {}

    // MARK: - By this side

    @Test func `who closes is told first, then the handlers, and then who waits for the end`() async throws {
        try await ChannelUnderTest.run { test in
            let trace = test.trace
            try await test.on { channel in
                channel.closeFuture.whenComplete { _ in trace.note("closed") }
                let promise = channel.loop.makePromise(of: Void.self)
                promise.futureResult.whenComplete { _ in trace.note("promise") }
                channel.close(promise: promise)
            }
            try await test.channel.closeFuture.get()
            #expect(trace.events == Self.begun + ["promise"] + Self.over + ["closed"])
            #expect(!test.channel.isActive)
            #expect(try test.peer.readToEnd().isEmpty)
        }
    }

    @Test func `a channel is closed once`() async throws {
        try await ChannelUnderTest.run { test in
            try await test.channel.close()
            for mode in [CloseMode.all, .output, .input] {
                await #expect(throws: ChannelError.alreadyClosed) { try await test.channel.close(mode: mode) }
            }
            #expect(test.trace.events == Self.begun + Self.over)
        }
    }

    @Test func `a channel that can't be prepared is closed, and its handlers aren't told of it`() async throws {
        let (descriptor, peer) = try ConnectedSockets.unix.open()
        try await EpollEventLoopGroup.run { group in
            let trace = ChannelTrace()
            await #expect(throws: Refusal.self) {
                _ = try await group.loops[0].begin(descriptor) { channel in
                    channel.closeFuture.whenComplete { _ in trace.note("closed") }
                    try channel.pipeline.syncOperations.addHandler(TracingHandler(trace))
                    throw Refusal()
                }
            }
            try await eventually { trace.events == ["removed", "closed"] }
            #expect(try peer.readToEnd().isEmpty)
        }
    }

    @Test func `a channel that is closed while it is prepared never becomes active`() async throws {
        let (descriptor, peer) = try ConnectedSockets.unix.open()
        try await EpollEventLoopGroup.run { group in
            let trace = ChannelTrace()
            _ = try? await group.loops[0].begin(descriptor) { channel in
                try channel.pipeline.syncOperations.addHandler(TracingHandler(trace))
                channel.close(promise: nil)
            }
            try await eventually { trace.events == ["removed"] }
            #expect(try peer.readToEnd().isEmpty)
        }
    }

    @Test func `a channel that is closed as soon as it is active reads nothing`() async throws {
        final class Closer: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer
            func channelActive(context: ChannelHandlerContext) { context.close(promise: nil) }
        }
        let (descriptor, peer) = try ConnectedSockets.unix.open()
        peer.write("early")
        try await EpollEventLoopGroup.run { group in
            let trace = ChannelTrace()
            let channel = try await group.loops[0].begin(descriptor) { channel in
                try channel.pipeline.syncOperations.addHandler(Closer())
                try channel.pipeline.syncOperations.addHandler(TracingHandler(trace))
            }
            try await channel.closeFuture.get()
            #expect(trace.events == ["registered"] + Self.over)
            #expect(trace.byteCount == 0)
        }
    }

    @Test func `a channel that is to be reset ends with an error for the other side`() async throws {
        try await ChannelUnderTest.run(.tcp) { test in
            try await test.on { channel in
                channel.resetWhenClosed()
                channel.close(promise: nil)
            }
            let error = #expect(throws: IOError.self) { try test.peer.read() }
            #expect(error?.errnoCode == ECONNRESET)
        }
    }

    // MARK: - This side says no more

    @Test("Who says no more says first what it has to, and still hears", arguments: [ConnectedSockets.unix, .tcp])
    func endsOutput(_ sockets: ConnectedSockets) async throws {
        try await ChannelUnderTest.run(sockets) { test in
            let bytes = numberedBytes(4 << 20)
            let ended = try await test.on { channel in
                channel.send(ByteBuffer(bytes: bytes))
                return channel.close(mode: .output)
            }
            #expect(try test.peer.readToEnd() == bytes)
            try await ended.get()
            test.peer.write("an answer")
            try await eventually { test.trace.text == "an answer" }
            #expect(test.trace.events.filter { !$0.hasSuffix("writable") } == Self.begun + ["outputClosed"])
            test.peer.close()
            try await test.channel.closeFuture.get()
        }
    }

    @Test func `who says no more waits for what isn't flushed`() async throws {
        try await ChannelUnderTest.run { test in
            let ended = try await test.on { channel in
                channel.write(ByteBuffer(string: "last"), promise: nil)
                return channel.close(mode: .output)
            }
            try await test.settle()
            #expect(test.peer.hasNothing)
            try await test.on { $0.flush() }
            try await ended.get()
            #expect(try test.peer.readToEnd() == Array("last".utf8))
        }
    }

    @Test func `an end that waits for what is to be written fails when all is closed`() async throws {
        try await ChannelUnderTest.run { test in
            let futures = try await test.on { channel in
                channel.send(ByteBuffer(repeating: 97, count: 4 << 20))
                return [channel.close(mode: .output), channel.close(mode: .output), channel.close()]
            }
            await #expect(throws: ChannelError.self) { try await futures[0].get() }
            await #expect(throws: ChannelError.self) { try await futures[1].get() }
            try await futures[2].get()
        }
    }

    @Test func `who neither hears nor says more is closed`() async throws {
        try await ChannelUnderTest.run { test in
            try await test.channel.close(mode: .input)
            await #expect(throws: ChannelError.inputClosed) { try await test.channel.close(mode: .input) }
            test.peer.write("x")
            try await test.settle()
            #expect(test.trace.byteCount == 0)
            try await test.on { $0.send(ByteBuffer(string: "still")) }
            #expect(try test.peer.readText(count: 5) == "still")
            try await test.channel.close(mode: .output)
            try await test.channel.closeFuture.get()
            #expect(test.trace.events == Self.begun + ["inputClosed"] + Self.over)
        }
    }

    // MARK: - By the other side

    @Test("The other side's end is the channel's, after all it has said", arguments: [ConnectedSockets.unix, .tcp])
    func endsWithOtherSide(_ sockets: ConnectedSockets) async throws {
        try await ChannelUnderTest.run(sockets) { test in
            let bytes = numberedBytes(300_000)
            test.peer.write(bytes)
            test.peer.endSending()
            try await test.channel.closeFuture.get()
            #expect(test.trace.bytes == bytes)
            #expect(test.trace.events == Self.begun + Self.over)
        }
    }

    @Test(
        "Bytes and an end that come together are both told",
        arguments: [ConnectedSockets.unix, .tcp], [1, 65536, 150_000])
    func bytesAndEndTogether(_ sockets: ConnectedSockets, _ count: Int) async throws {
        let (descriptor, peer) = try sockets.open()
        // Before the loop knows the socket, so that there is one event for both.
        let sent = peer.writeAtOnce(numberedBytes(count))
        peer.close()
        try await EpollEventLoopGroup.run { group in
            let trace = ChannelTrace()
            let channel = try await group.loops[0].begin(descriptor) { $0.read(into: TracingReader(trace)) }
            try await channel.closeFuture.get()
            #expect(trace.bytes == numberedBytes(sent))
        }
    }

    @Test func `an end is heard although reading is held back, if it may be, behind what came before it`() async throws
    {
        try await ChannelUnderTest.run { test in
            try await test.readDirectly(hearsEndAtOnce: true)
            try await test.on { $0.isReading = false }
            test.peer.write("last words")
            try await test.settle()
            #expect(test.trace.text == "")
            test.peer.endSending()
            try await test.channel.closeFuture.get()
            #expect(test.trace.text == "last words")
        }
    }

    @Test func `an end waits behind what is held back, if it may not`() async throws {
        try await ChannelUnderTest.run(.tcp) { test in
            try await test.readDirectly(hearsEndAtOnce: false)
            try await test.on { $0.isReading = false }
            test.peer.write("last words")
            test.peer.endSending()
            try await test.settle()
            #expect(test.trace.text == "" && test.channel.isActive)
            try await test.on { $0.isReading = true }
            try await test.channel.closeFuture.get()
            #expect(test.trace.text == "last words")
        }
    }

    @Test("Where both sides end for themselves, ours goes on after theirs", arguments: [ConnectedSockets.unix, .tcp])
    func halfClosure(_ sockets: ConnectedSockets) async throws {
        try await ChannelUnderTest.run(sockets, { $0.allowsHalfClosure = true }) { test in
            test.peer.write("a question")
            test.peer.endSending()
            try await eventually { test.trace.events == Self.begun + ["inputClosed"] }
            #expect(test.trace.text == "a question")
            let bytes = numberedBytes(2 << 20)
            let ended = try await test.on { channel in
                channel.send(ByteBuffer(bytes: bytes))
                return channel.close(mode: .output)
            }
            #expect(try test.peer.readToEnd() == bytes)
            try await ended.get()
            try await test.channel.closeFuture.get()
            #expect(test.trace.events.suffix(3) == Self.over)
        }
    }

    // MARK: - Errors

    @Test("A connection that is reset ends with an error", arguments: [true, false])
    func reset(isReading: Bool) async throws {
        try await ChannelUnderTest.run(.tcp) { test in
            try await test.readDirectly(hearsEndAtOnce: false)
            try await test.on { $0.isReading = isReading }
            test.peer.reset()
            try await test.channel.closeFuture.get()
            #expect(test.trace.events == Self.begun + ["error \(ECONNRESET)"] + Self.over)
        }
    }

    @Test func `a connection is reset after the other side has ended`() async throws {
        try await ChannelUnderTest.run(.tcp, { $0.allowsHalfClosure = true }) { test in
            test.peer.endSending()
            try await eventually { test.trace.events.last == "inputClosed" }
            test.peer.reset()
            try await test.channel.closeFuture.get()
            #expect(test.trace.events == Self.begun + ["inputClosed", "error \(EPIPE)"] + Self.over)
        }
    }

    @Test("What was said before the socket took no more is still read", arguments: [true, false])
    func lastWordsBeforeWriteError(isDirect: Bool) async throws {
        try await ChannelUnderTest.run { test in
            if isDirect { try await test.readDirectly() }
            let later = try await test.on { [peer = test.peer] channel in
                peer.write("last words")
                peer.close()
                // The loop has no news of that yet.
                channel.send(ByteBuffer(string: "x"))
                channel.send(ByteBuffer(string: "y"))
                return channel.writeAndFlush(ByteBuffer(string: "z"))
            }
            await #expect(throws: IOError.self) { try await later.get() }
            try await test.channel.closeFuture.get()
            #expect(test.trace.text == "last words")
            #expect(test.trace.events == Self.begun + ["error \(EPIPE)"] + Self.over)
        }
    }

    @Test("A socket that takes no more ends the channel although nobody reads", arguments: [true, false])
    func writeErrorWhileHeld(hasFlushed: Bool) async throws {
        try await ChannelUnderTest.run { test in
            try await test.readDirectly(hearsEndAtOnce: false)
            let written = try await test.on { [peer = test.peer] channel in
                channel.isReading = false
                let written = channel.write(ByteBuffer(repeating: 97, count: hasFlushed ? 4 << 20 : 1))
                if hasFlushed { channel.flush() }
                peer.close()
                channel.flush()
                return written
            }
            try await test.channel.closeFuture.get()
            await #expect(throws: IOError.self) { try await written.get() }
            // The kernel tells of what the other side hasn't read.
            let code = hasFlushed ? ECONNRESET : EPIPE
            #expect(test.trace.events.filter { $0 != "unwritable" } == Self.begun + ["error \(code)"] + Self.over)
        }
    }
}
