// SPDX-License-Identifier: Apache-2.0

import Core
import Dispatch
import NIOCore
import NIOPosix
import Testing

@testable import Proxying

/// How a loop ends, and what it does for those who ask after that.
@Suite(.timeLimit(.minutes(1))) struct EpollEventLoopEndTests {
    private func endedLoop() async -> EpollEventLoop {
        let group = EpollEventLoopGroup(count: 1, name: "test")
        await group.shutdownGracefully()
        return group.loops[0]
    }

    @Test func `timers whose time hasn't come fail with the loop's end`() async throws {
        let group = EpollEventLoopGroup(count: 1, name: "test")
        let timers = (1...5).map { group.loops[0].scheduleTask(in: .hours(Int64($0))) {} }
        await group.shutdownGracefully()
        for timer in timers {
            await #expect(throws: EventLoopError.shutdown) { try await timer.futureResult.get() }
        }
    }

    @Test func `what tasks ask for while the loop ends is done`() async throws {
        let group = EpollEventLoopGroup(count: 1, name: "test")
        let (loop, done) = (group.loops[0], Count())
        let timer = loop.scheduleTask(in: .hours(1)) {}
        timer.futureResult.whenFailure { _ in
            loop.execute {
                done.add()
                loop.execute { done.add() }
            }
        }
        await group.shutdownGracefully()
        try await eventually { done.value == 2 }
    }

    @Test func `a task after the end is done by whoever asks for it`() async throws {
        let loop = await endedLoop()
        let (isInLoop, isLater) = (Count(), Count())
        loop.execute {
            if loop.inEventLoop { isInLoop.add() }
            loop.execute { isLater.add() }
        }
        #expect(isInLoop.value == 1 && isLater.value == 1)
        #expect(!loop.inEventLoop)
        let value = try await loop.submit { 7 }.get()
        #expect(value == 7)
    }

    @Test func `threads that do what loops are asked for after their end don't wait for each other`() async throws {
        let (loops, begun, done) = ([await endedLoop(), await endedLoop()], Count(), Count())
        for index in loops.indices {
            let started = DetachedThread.start(name: "asking") {
                loops[index].execute {
                    begun.add()
                    // Each is in the middle of one loop's task, and asks the other loop.
                    while begun.value < 2 {}
                    loops[1 - index].execute { done.add() }
                }
            }
            #expect(started)
        }
        try await eventually { done.value == 2 }
    }

    @Test func `what many threads ask for after the end is done, one at a time`() async throws {
        let (loop, done) = (await endedLoop(), Count())
        let box = NIOLoopBoundBox.makeBoxSendingValue(0, eventLoop: loop)
        for _ in 0..<8 {
            let started = DetachedThread.start(name: "asking") {
                for _ in 0..<1000 {
                    loop.execute {
                        box.value += 1
                        loop.execute { done.add() }
                    }
                }
            }
            #expect(started)
        }
        try await eventually { done.value == 8000 }
        let sum = try await loop.submit { box.value }.get()
        #expect(sum == 8000)
    }

    @Test func `a timer after the end fails at once`() async throws {
        let timer = await endedLoop().scheduleTask(in: .hours(1)) {}
        await #expect(throws: EventLoopError.shutdown) { try await timer.futureResult.get() }
        timer.cancel()
    }

    @Test func `a future that is fulfilled after its loop's end tells who waits for it`() async throws {
        let group = EpollEventLoopGroup(count: 1, name: "test")
        let promise = group.loops[0].makePromise(of: Int.self)
        let doubled = promise.futureResult.map { $0 * 2 }
        await group.shutdownGracefully()
        promise.succeed(21)
        let value = try await doubled.get()
        #expect(value == 42)
    }

    @Test func `an end that is asked for twice is told twice`() async {
        let group = EpollEventLoopGroup(count: 2, name: "test")
        await group.shutdownGracefully()
        await group.shutdownGracefully()
        await withCheckedContinuation { continuation in
            group.loops[0].shutdownGracefully(queue: .global()) { _ in continuation.resume() }
        }
    }

    @Test func `what is open is closed, and a socket that comes later as well`() async throws {
        let group = EpollEventLoopGroup(count: 1, name: "test")
        let (descriptor, peer) = try ConnectedSockets.unix.open()
        let channel = try await group.loops[0].begin(descriptor)
        let trace = ChannelTrace()
        let written = try await group.loops[0].submit {
            try channel.pipeline.syncOperations.addHandler(TracingHandler(trace))
            return channel.write(ByteBuffer(string: "never flushed"))
        }.get()
        await group.shutdownGracefully()
        try await channel.closeFuture.get()
        #expect(try peer.readToEnd().isEmpty)
        #expect(trace.events == ["inactive", "unregistered", "removed"])
        await #expect(throws: EventLoopError.shutdown) { try await written.get() }

        let (late, latePeer) = try ConnectedSockets.unix.open()
        await #expect(throws: EventLoopError.shutdown) { _ = try await group.loops[0].begin(late) }
        #expect(try latePeer.readToEnd().isEmpty)
    }

    @Test func `nothing of a loop is left when it has ended`() async throws {
        struct Reference { weak var loop: EpollEventLoop? }
        var reference = Reference()
        do {
            let group = EpollEventLoopGroup(count: 1, name: "test")
            reference.loop = group.loops[0]
            var rules = StreamListener.Rules()
            // Full: the end of its only connection has it look for another.
            rules.connectionsMax = 1
            let begun = Count()
            let address = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
            let listener = try await StreamListener.bind(to: address, rules, group: group) { _ in begun.add() }
            let clients = try (0..<2).map { _ in try PeerSocket(port: listener.port) }
            try await eventually { begun.value == 1 }
            await group.shutdownGracefully()
            await listener.whenClosed()
            for client in clients { #expect(((try? client.readToEnd()) ?? []).isEmpty) }
        }
        try await eventually { reference.loop == nil }
    }
}
