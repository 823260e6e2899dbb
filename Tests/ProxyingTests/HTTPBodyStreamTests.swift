// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import Testing
import WireHTTP

@testable import Proxying

/// A body on its way to its reader.
@Suite struct HTTPBodyStreamTests {
    /// A stream that notes what its reader wants.
    private final class Noted: Sendable {
        private let wishes = Mutex<[HTTPBodyStream.Demand]>([])
        let stream: HTTPBodyStream

        init() {
            let note = Mutex<(@Sendable (HTTPBodyStream.Demand) -> Void)?>(nil)
            stream = HTTPBodyStream { demand in note.withLock { $0 }?(demand) }
            note.withLock { $0 = { [weak self] demand in self?.wishes.withLock { $0.append(demand) } } }
        }

        var demands: [HTTPBodyStream.Demand] { wishes.withLock { $0 } }
    }

    private static let quarter = ByteBuffer(repeating: 0x61, count: HTTPBodyStream.bytesMax / 4)

    @Test func `parts that wait are read as one, then those that come, then the end with its trailer`() async throws {
        let noted = Noted()
        let stream = noted.stream
        #expect(!stream.push(ByteBuffer(string: "a")) && !stream.push(ByteBuffer(string: "bc")))
        #expect(noted.demands.isEmpty && stream.trailer == [:])
        #expect(try await stream.next() == ByteBuffer(string: "abc"))
        async let later = stream.next()
        try await Task.sleep(for: .milliseconds(20))
        #expect(!stream.push(ByteBuffer(string: "d")))
        #expect(try await later == ByteBuffer(string: "d"))
        stream.finish(.success(["t": "u"]))
        #expect(try await stream.next() == nil && stream.trailer == ["t": "u"])
        #expect(try await stream.next() == nil)
        #expect(noted.demands == [.begin])
    }

    @Test func `as much as fits pauses the sender, and taking it lets it go on`() async throws {
        let noted = Noted()
        let stream = noted.stream
        for _ in 0..<3 { #expect(!stream.push(Self.quarter)) }
        #expect(stream.push(Self.quarter))
        #expect(try await stream.next()?.readableBytes == HTTPBodyStream.bytesMax)
        #expect(noted.demands == [.begin, .resume])
        #expect(!stream.push(Self.quarter))
        #expect(try await stream.next()?.readableBytes == Self.quarter.readableBytes)
        #expect(noted.demands == [.begin, .resume])
    }

    @Test func `parts of one byte take no more room than their bytes`() async throws {
        let stream = HTTPBodyStream { _ in }
        let read = ByteBuffer(repeating: 0x61, count: 4096)
        for _ in 0..<10_000 { _ = stream.push(read.getSlice(at: 7, length: 1) ?? ByteBuffer()) }
        let part = try await stream.next()
        #expect(part?.readableBytes == 10_000 && (part?.storageCapacity ?? .max) <= 32 << 10)
    }

    @Test func `a body that is cut off gives what came, and then says so`() async throws {
        let stream = HTTPBodyStream { _ in }
        _ = stream.push(ByteBuffer(string: "a"))
        stream.finish(.failure(.cutOff))
        // Only the first end counts, and nothing comes behind it.
        stream.finish(.success([:]))
        #expect(!stream.push(ByteBuffer(string: "b")))
        #expect(try await stream.next() == ByteBuffer(string: "a"))
        await #expect(throws: HTTPBodyError.cutOff) { try await stream.next() }
        await #expect(throws: HTTPBodyError.cutOff) { try await stream.next() }
        #expect(stream.trailer == [:])
    }

    @Test func `a reader that waits is woken by the end`() async throws {
        let error = HTTPBodyError.cutOff
        for end in [Result<HTTPFields, HTTPBodyError>.success([:]), .failure(error)] {
            let stream = HTTPBodyStream { _ in }
            let reader = Task { try await stream.next() }
            try await Task.sleep(for: .milliseconds(10))
            stream.finish(end)
            let result = await reader.result
            #expect((try? result.get()) == .some(nil) || (try? end.get()) == nil)
        }
    }

    @Test func `a reader that is cancelled ends, before and while it waits`() async throws {
        let stream = HTTPBodyStream { _ in }
        let waiting = Task { try await stream.next() }
        try await Task.sleep(for: .milliseconds(10))
        waiting.cancel()
        await #expect(throws: HTTPBodyError.cancelled) { try await waiting.value }
        let late = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await stream.next()
        }
        late.cancel()
        await #expect(throws: HTTPBodyError.cancelled) { try await late.value }
        // Another reader may still read.
        _ = stream.push(ByteBuffer(string: "a"))
        #expect(try await stream.next() == ByteBuffer(string: "a"))
    }

    @Test func `many parts reach their reader in order, whoever is faster`() async throws {
        let stream = HTTPBodyStream { _ in }
        let sender = Task {
            for number in 0..<20_000 as Range<UInt32> {
                _ = stream.push(ByteBuffer(integer: number))
                if number % 97 == 0 { await Task.yield() }
            }
            stream.finish(.success([:]))
        }
        var expected: UInt32 = 0
        while var part = try await stream.next() {
            while let number = part.readInteger(as: UInt32.self) {
                guard number == expected else {
                    Issue.record("\(number) came where \(expected) was next")
                    return
                }
                expected += 1
            }
        }
        #expect(expected == 20_000)
        await sender.value
    }

    @Test func `a body is collected up to a limit`() async throws {
        func collected(_ parts: [String], upTo limit: Int) async throws -> String? {
            let stream = HTTPBodyStream { _ in }
            for part in parts { _ = stream.push(ByteBuffer(string: part)) }
            stream.finish(.success([:]))
            return try await HTTPBody.stream(stream).collect(upTo: limit).map { String(buffer: $0) }
        }
        #expect(try await collected(["a", "bc"], upTo: 3) == "abc")
        #expect(try await collected(["a", "bc"], upTo: 2) == nil)
        #expect(try await collected([], upTo: 0) == "")
        #expect(try await HTTPBody.bytes(ByteBuffer(string: "ab")).collect(upTo: 1) == nil)
        #expect(try await HTTPBody.bytes(ByteBuffer(string: "ab")).collect(upTo: 2) == ByteBuffer(string: "ab"))
    }
}
