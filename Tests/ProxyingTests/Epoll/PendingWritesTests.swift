// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing

@testable import Proxying

/// What waits for a socket.
@Suite struct PendingWritesTests {
    private let loop = EpollEventLoopGroup.singleton.loops[0]

    private func promise() -> EventLoopPromise<Void> { loop.makePromise() }

    /// Which of `promises` these are; they are fulfilled.
    private func indices(
        of written: [EventLoopPromise<Void>], among promises: [EventLoopPromise<Void>]
    ) -> [Int] {
        for promise in written { promise.succeed() }
        return written.compactMap { one in promises.firstIndex { $0.futureResult === one.futureResult } }
    }

    @Test func `a socket that takes one byte at a time gets all, and each is told when its last byte is gone`() {
        let pending = PendingWrites()
        let promises = (0..<5).map { _ in promise() }
        for (text, promise) in zip(["abc", "", "d", "efgh", ""], promises) {
            pending.append(ByteBuffer(string: text), promise)
        }
        pending.flush()
        var (sent, told) = ("", [String]())
        while pending.hasFlushed {
            var next = pending.next()
            let byte = next.readString(length: min(1, next.readableBytes)) ?? ""
            sent += byte
            let written = indices(of: pending.took(byte.utf8.count), among: promises)
            if !written.isEmpty { told.append("\(sent):\(written)") }
            #expect(pending.byteCount == 8 - sent.utf8.count)
        }
        #expect(sent == "abcdefgh")
        // An empty write is as far as what is before it.
        #expect(told == ["abc:[0, 1]", "abcd:[2]", "abcdefgh:[3, 4]"])
        #expect(pending.isEmpty)
    }

    @Test func `only what is flushed goes out`() {
        let pending = PendingWrites()
        pending.append(ByteBuffer(string: "a"), nil)
        #expect(!pending.hasFlushed)
        pending.flush()
        pending.append(ByteBuffer(string: "b"), nil)
        #expect(String(buffer: pending.next()) == "a")
        _ = pending.took(1)
        #expect(!pending.hasFlushed && !pending.isEmpty && pending.byteCount == 1)
        pending.flush()
        #expect(String(buffer: pending.next()) == "b")
    }

    @Test func `small writes go out as one, up to a limit, and those that aren't whole stay`() {
        let pending = PendingWrites()
        let promises = (0..<6).map { _ in promise() }
        for (letter, promise) in zip("abcdef", promises) {
            pending.append(ByteBuffer(string: String(repeating: letter, count: 15_000)), promise)
        }
        pending.flush()
        #expect(pending.next().readableBytes == 60_000)
        #expect(indices(of: pending.took(35_000), among: promises) == [0, 1])
        let next = pending.next()
        #expect(next.readableBytes == 55_000)
        #expect(
            String(buffer: next) == "cdef".map { String(repeating: $0, count: $0 == "c" ? 10_000 : 15_000) }.joined())
        #expect(indices(of: pending.took(55_000), among: promises) == [2, 3, 4, 5])
        #expect(pending.isEmpty)
    }

    @Test func `a large write goes out alone, and small ones behind it together`() {
        let pending = PendingWrites()
        for count in [1, 20_000, 1, 1] { pending.append(ByteBuffer(repeating: 97, count: count), nil) }
        pending.flush()
        #expect(pending.next().readableBytes == 20_003)
        _ = pending.took(1)
        #expect(pending.next().readableBytes == 20_000)
        _ = pending.took(20_000)
        #expect(pending.next().readableBytes == 2)
    }

    @Test func `nothing to write is written at once`() {
        let pending = PendingWrites()
        let promises = [promise(), promise()]
        for promise in promises { pending.append(ByteBuffer(), promise) }
        pending.flush()
        #expect(pending.next().readableBytes == 0)
        #expect(indices(of: pending.took(0), among: promises) == [0, 1])
        #expect(pending.isEmpty)
    }

    @Test func `when nothing is written any more everybody is told why`() async {
        let pending = PendingWrites()
        let promises = (0..<3).map { _ in promise() }
        for promise in promises { pending.append(ByteBuffer(string: "a"), promise) }
        pending.flush()
        pending.fail(ChannelError.eof)
        #expect(pending.isEmpty && !pending.hasFlushed && pending.byteCount == 0)
        for promise in promises {
            await #expect(throws: ChannelError.eof) { try await promise.futureResult.get() }
        }
    }

    @Test("What goes out is what was flushed, whatever the socket takes", arguments: 1...20 as ClosedRange<UInt64>)
    func bytesStayInOrder(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        let pending = PendingWrites()
        var (appended, flushed, sent) = ([UInt8](), 0, [UInt8]())
        for _ in 0..<200 {
            switch Int.random(in: 0..<4, using: &numbers) {
            case 0, 1:
                let sizes = [0, 1, 100, 10_000, 16 << 10, 70_000]
                let count = sizes.randomElement(using: &numbers) ?? 0
                let bytes = (0..<count).map { UInt8((appended.count + $0) % 251) }
                appended += bytes
                pending.append(ByteBuffer(bytes: bytes), nil)
            case 2:
                pending.flush()
                flushed = appended.count
            default:
                guard pending.hasFlushed else { continue }
                let next = pending.next()
                let count = Int.random(in: 0...next.readableBytes, using: &numbers)
                sent += next.readableBytesView.prefix(count)
                _ = pending.took(count)
            }
            #expect(pending.byteCount == appended.count - sent.count)
            #expect(sent.count <= flushed)
        }
        #expect(sent == Array(appended.prefix(sent.count)))
    }
}
