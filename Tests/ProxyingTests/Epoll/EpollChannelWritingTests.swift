// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import Proxying

/// What a connection of an event loop sends.
@Suite(.timeLimit(.minutes(1))) struct EpollChannelWritingTests {
    @Test func `what the socket doesn't take at once goes out behind it, in order`() async throws {
        try await ChannelUnderTest.run { test in
            let bytes = numberedBytes(6 << 20)
            try await test.on { channel in
                channel.send(ByteBuffer(bytes: bytes[..<(3 << 20)]))
                channel.send(ByteBuffer(bytes: bytes[(3 << 20)..<(5 << 20)]))
                channel.writeAndFlush(ByteBuffer(bytes: bytes[(5 << 20)...]), promise: nil)
            }
            #expect(try test.peer.read(count: bytes.count) == bytes)
        }
    }

    @Test func `many small writes go out in order, and each is told`() async throws {
        try await ChannelUnderTest.run { test in
            let done = Count()
            let bytes = numberedBytes(100_000)
            try await test.on { channel in
                for start in stride(from: 0, to: bytes.count, by: 100) {
                    channel.write(ByteBuffer(bytes: bytes[start..<(start + 100)])).whenSuccess { done.add() }
                }
                #expect(done.value == 0)
                channel.flush()
            }
            #expect(try test.peer.read(count: bytes.count) == bytes)
            try await eventually { done.value == 1000 }
        }
    }

    @Test func `what isn't flushed stays`() async throws {
        try await ChannelUnderTest.run { test in
            try await test.on { $0.write(ByteBuffer(string: "a"), promise: nil) }
            try await test.settle()
            #expect(test.peer.hasNothing)
            let unwritten = try await test.on { try $0.syncOptions?.getOption(.bufferedWritableBytes) }
            #expect(unwritten == 1)
            try await test.on { $0.flush() }
            #expect(try test.peer.readText(count: 1) == "a")
        }
    }

    @Test func `what is sent past the pipeline goes out behind what wasn't flushed`() async throws {
        try await ChannelUnderTest.run { test in
            try await test.on { channel in
                channel.write(ByteBuffer(string: "first "), promise: nil)
                channel.send(ByteBuffer(string: "second"))
            }
            #expect(try test.peer.readText(count: 12) == "first second")
        }
    }

    @Test func `nothing is written at once, and told`() async throws {
        try await ChannelUnderTest.run { test in
            try await test.channel.writeAndFlush(ByteBuffer())
            try await test.on { $0.send(ByteBuffer()) }
            try await test.on { $0.send(ByteBuffer(string: "x")) }
            #expect(try test.peer.readText(count: 1) == "x")
        }
    }

    @Test func `who writes when a write is done is behind it`() async throws {
        try await ChannelUnderTest.run { test in
            try await test.on { channel in
                channel.write(ByteBuffer(string: "a")).whenSuccess {
                    channel.writeAndFlush(ByteBuffer(string: "c"), promise: nil)
                    channel.send(ByteBuffer(string: "d"))
                }
                channel.writeAndFlush(ByteBuffer(string: "b"), promise: nil)
            }
            #expect(try test.peer.readText(count: 4) == "abcd")
        }
    }

    // MARK: - Writability

    @Test func `a channel isn't writable beyond its limit, and is again at a quarter of it`() async throws {
        try await ChannelUnderTest.run(.unix, { $0.unwrittenBytesMax = 1000 }) { test in
            try await test.on { $0.write(ByteBuffer(repeating: 97, count: 1000), promise: nil) }
            #expect(test.channel.isWritable)
            try await test.on { $0.write(ByteBuffer(repeating: 97, count: 1), promise: nil) }
            #expect(!test.channel.isWritable)
            try await test.on { $0.flush() }
            #expect(test.channel.isWritable)
            #expect(test.trace.events == ["registered", "active", "unwritable", "writable"])
        }
    }

    @Test func `a channel whose socket is full is writable when the other side has read`() async throws {
        try await ChannelUnderTest.run { test in
            let count = 4 << 20
            try await test.on { $0.send(ByteBuffer(repeating: 97, count: count)) }
            #expect(!test.channel.isWritable)
            let unwritten = try #require(
                try await test.on { try $0.syncOptions?.getOption(.bufferedWritableBytes) })
            #expect(unwritten > 64 << 10)
            #expect(try test.peer.read(count: count).count == count)
            try await eventually { test.channel.isWritable }
            #expect(test.trace.events == ["registered", "active", "unwritable", "writable"])
        }
    }

    // MARK: - What isn't written

    @Test func `what the socket hasn't taken fails when the channel is closed`() async throws {
        try await ChannelUnderTest.run { test in
            let bytes = ByteBuffer(repeating: 97, count: 4 << 20)
            let written = try await test.on { channel in
                let futures = [channel.writeAndFlush(bytes), channel.write(ByteBuffer(string: "unflushed"))]
                channel.close(promise: nil)
                return futures
            }
            for future in written {
                await #expect(throws: ChannelError.ioOnClosedChannel) { try await future.get() }
            }
            #expect(try test.peer.readToEnd().count < bytes.readableBytes)
        }
    }

    @Test func `nothing is written to a channel that is closed, or has said that it says no more`() async throws {
        try await ChannelUnderTest.run { test in
            try await test.channel.close(mode: .output)
            await #expect(throws: ChannelError.outputClosed) {
                try await test.channel.writeAndFlush(ByteBuffer(string: "x"))
            }
            try await test.on { $0.send(ByteBuffer(string: "x")) }
            #expect(try test.peer.readToEnd().isEmpty)
            try await test.channel.close()
            await #expect(throws: ChannelError.ioOnClosedChannel) {
                try await test.channel.writeAndFlush(ByteBuffer(string: "x"))
            }
            try await test.on { $0.send(ByteBuffer(string: "x")) }
        }
    }

    @Test func `who closes when a write is done ends the others`() async throws {
        try await ChannelUnderTest.run { test in
            let second = try await test.on { channel in
                channel.write(ByteBuffer(repeating: 97, count: 20_000)).whenSuccess { channel.close(promise: nil) }
                return channel.writeAndFlush(ByteBuffer(string: "never"))
            }
            await #expect(throws: ChannelError.ioOnClosedChannel) { try await second.get() }
            #expect(try test.peer.readToEnd().count == 20_000)
        }
    }

    @Test func `only bytes can be written`() async throws {
        try await ChannelUnderTest.run { test in
            await #expect(throws: ChannelError.operationUnsupported) {
                try await test.on { $0.writeAndFlush("text") }.get()
            }
        }
    }

    // MARK: - Options

    @Test func `options are what they were set to, on the loop and elsewhere`() async throws {
        try await ChannelUnderTest.run(.unix, { $0.unwrittenBytesMax = 4000 }) { test in
            let channel = test.channel
            #expect(try await channel.getOption(.autoRead).get())
            #expect(try await channel.getOption(.allowRemoteHalfClosure).get() == false)
            #expect(try await channel.getOption(.writeBufferWaterMark).get().high == 4000)
            try await channel.setOption(.autoRead, value: false).get()
            try await channel.setOption(.allowRemoteHalfClosure, value: true).get()
            try await channel.setOption(.writeBufferWaterMark, value: .init(low: 100, high: 400)).get()
            let isSet = try await test.on { channel in
                guard let options = channel.syncOptions else { return false }
                return try options.getOption(.autoRead) == false && options.getOption(.allowRemoteHalfClosure)
                    && options.getOption(.writeBufferWaterMark).high == 400
            }
            #expect(isSet)
        }
    }

    @Test func `an option that there isn't is refused, and any when the channel is closed`() async throws {
        try await ChannelUnderTest.run { test in
            let channel = test.channel
            await #expect(throws: ChannelError.operationUnsupported) {
                try await channel.getOption(.maxMessagesPerRead).get()
            }
            await #expect(throws: ChannelError.operationUnsupported) {
                try await channel.setOption(.maxMessagesPerRead, value: 1).get()
            }
            try await channel.close()
            await #expect(throws: ChannelError.ioOnClosedChannel) { try await channel.getOption(.autoRead).get() }
            await #expect(throws: ChannelError.ioOnClosedChannel) {
                try await channel.setOption(.autoRead, value: true).get()
            }
        }
    }
}
