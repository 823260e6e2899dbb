// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing
import WireHTTP

/// Goal: no bytes crash the decoders, make them disagree with themselves, or make them slow.
///
/// Method: random bytes, and valid messages with a few bytes changed, which get further than random ones. Whatever is
/// taken is written again and read again, and must be the same: nothing was understood that isn't said.
@Suite struct HTTPFuzzTests {
    private static let seeds = [
        "GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close, a\r\nExpect: 100-continue\r\n\r\n",
        "POST /b HTTP/1.1\r\nHost: x:80\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.0\r\n\r\n",
        "PUT http://a:1/c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 500 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n\r\nuntil close",
    ]
    @Test func `random bytes are no message and harm nobody`() {
        var numbers = SeededNumbers(seed: 2)
        for _ in 0..<3_000 {
            let bytes = (0..<Int.random(in: 1...200, using: &numbers)).map { _ in
                UInt8.random(in: .min ... .max, using: &numbers)
            }
            _ = try? readRequests(bytes, sizes: [Int.random(in: 1...50, using: &numbers)])
            _ = try? readResponses(String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test func `a changed request means the same in whatever pieces it comes, and once it is written again`() throws {
        var numbers = SeededNumbers(seed: 3)
        var taken = 0
        for round in 0..<9_000 {
            let bytes = mutated(Self.seeds[round % 3], &numbers)
            let whole = Result { try readRequests(bytes) }
            let sizes = (0..<20).map { _ in Int.random(in: 1...20, using: &numbers) }
            let inPieces = Result { try readRequests(bytes, sizes: sizes) }
            guard case .success(let requests) = whole else {
                // A head whose beginning was taken is looked at again once it has ended.
                if case .success = inPieces {
                    #expect(throws: HTTPSyntaxError.self, "\(Self.shown(bytes))") {
                        try readRequests(bytes + Array("\r\n\r\n".utf8), sizes: sizes)
                    }
                }
                continue
            }
            guard case .success(requests) = inPieces else {
                Issue.record("not the same in pieces: \(Self.shown(bytes))")
                continue
            }
            taken += requests.count
            for request in requests where request.trailer != nil {
                #expect(try readRequests(Self.written(request)) == [request], "\(Self.shown(bytes))")
            }
        }
        #expect(taken > 500, "The changes are such that many messages are still taken: \(taken)")
    }

    @Test func `a changed response means the same in whatever pieces it comes`() throws {
        var numbers = SeededNumbers(seed: 4)
        for round in 0..<6_000 {
            let text = String(decoding: mutated(Self.seeds[3 + round % 3], &numbers), as: UTF8.self)
            let sizes = [Int.random(in: 1...20, using: &numbers)]
            let whole = try? readResponses(text)
            let inPieces = try? readResponses(text, sizes: sizes)
            if whole == nil, inPieces != nil {
                #expect(throws: HTTPSyntaxError.self, "\(text.debugDescription)") {
                    try readResponses(text + "\r\n\r\n", sizes: sizes)
                }
                continue
            }
            guard whole?.responses == inPieces?.responses, whole?.isWhole == inPieces?.isWhole else {
                Issue.record("not the same in pieces: \(text.debugDescription)")
                continue
            }
        }
    }

    /// A request as whoever passes it on would write it: chunked stays chunked, and a length stays as it was.
    private static func written(_ request: ReadRequest) -> [UInt8] {
        var bytes = ByteBuffer()
        bytes.writeHTTPHead(request.head)
        if request.head.version == .http10 {
            bytes = ByteBuffer(
                string: String(buffer: bytes).replacing(" HTTP/1.1\r\n", with: " HTTP/1.0\r\n", maxReplacements: 1))
        }
        guard request.head.fields.contains("transfer-encoding") else {
            return Array(bytes.readableBytesView) + request.body
        }
        if !request.body.isEmpty {
            bytes.writeHTTPChunkSize(request.body.count)
            bytes.writeBytes(request.body)
            bytes.writeStaticString("\r\n")
        }
        bytes.writeHTTPLastChunk(trailer: request.trailer ?? [:])
        return Array(bytes.readableBytesView)
    }

    private static func shown(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }

    // MARK: - Time and memory

    /// The time of reading `bytes` one byte at a time, the best of three.
    private static func seconds(_ bytes: [UInt8], _ limits: HTTPSyntaxLimits) throws -> Double {
        var best = Duration.seconds(1_000)
        for _ in 0..<3 {
            var decoder = HTTPRequestDecoder(limits)
            let time = try ContinuousClock().measure {
                for byte in bytes {
                    decoder.feed(ByteBuffer(bytes: CollectionOfOne(byte)))
                    while try decoder.next() != nil {}
                }
            }
            best = min(best, time)
        }
        return best / .seconds(1)
    }

    @Test(
        "Time grows with the bytes and not with their square, if they come one by one",
        arguments: ["a line", "many lines", "chunks of a byte", "a chunk's extension", "a trailer"])
    func time(_ shape: String) throws {
        var limits = HTTPSyntaxLimits()
        limits.lineBytesMax = 1 << 20
        limits.headBytesMax = 1 << 20
        limits.fieldCountMax = 1 << 20
        limits.chunkLineBytesMax = 1 << 20
        func bytes(_ count: Int) -> [UInt8] {
            let head = "POST / HTTP/1.1\r\nHost: x\r\n"
            let chunked = head + "Transfer-Encoding: chunked\r\n\r\n"
            let text =
                switch shape {
                case "a line": head + "A: " + String(repeating: "a", count: count)
                case "many lines": head + String(repeating: "A: b\r\n", count: count / 6)
                case "chunks of a byte": chunked + String(repeating: "1\r\na\r\n", count: count / 6)
                case "a chunk's extension": chunked + "1;" + String(repeating: "a", count: count)
                default: chunked + "0\r\n" + String(repeating: "A: b\r\n", count: count / 6)
                }
            return Array(text.utf8)
        }
        let (small, large) = (try Self.seconds(bytes(2_000), limits), try Self.seconds(bytes(16_000), limits))
        // Eight times the bytes: 8 if it is linear, 64 if it is quadratic.
        #expect(large < small * 24, "\(small) s, then \(large) s")
    }

    @Test func `a stream whose reads end within its parts isn't kept`() throws {
        var decoder = HTTPRequestDecoder()
        decoder.feed(ByteBuffer(string: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n40"))
        let piece = ByteBuffer(string: "0\r\n" + String(repeating: "a", count: 1024) + "\r\n40")
        for _ in 0..<2_000 {
            decoder.feed(piece)
            while let part = try decoder.next() {
                // The storage behind a part is the storage that the decoder keeps.
                if case .body(let bytes) = part { #expect(bytes.storageCapacity < 64 << 10) }
            }
            #expect(decoder.bufferedBytes == 0)
        }
    }
}
