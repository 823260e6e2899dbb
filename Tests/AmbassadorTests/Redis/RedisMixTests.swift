// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing
import WireRESP

@testable import Ambassador

/// The same random commands through the pool and to one server alone: every reply is the same, byte for byte.
@Suite("A random mix of commands", .serialized, .enabled(if: RedisServer.isInstalled))
struct RedisMixTests {
    @Test(arguments: [2, 3]) func `three servers behind a pool answer as one server does`(_ version: Int) async throws {
        let servers = try (0..<3).map { _ in try RedisServer() }
        let single = try RedisServer()
        let pool = try await RedisPoolUnderTest(servers: servers.map(\.port), loops: 2)
        var mix = RandomCommands(seed: UInt64(version))
        let (client, direct) = (ReplyReader(try pool.connect()), ReplyReader(try ByteConnection(port: single.port)))
        if version == 3 {
            for reader in [client, direct] {
                try reader.connection.write(command("HELLO", "3"))
                _ = try reader.next()
            }
        }
        for _ in 0..<400 {
            let batch = (0..<Int.random(in: 1...40, using: &mix.numbers)).map { _ in mix.next() }
            let text = batch.map(\.bytes).joined()
            try client.connection.write(Array(text))
            try direct.connection.write(Array(text))
            for command in batch {
                let (found, expected) = (try client.next(), try direct.next())
                #expect(found == expected, "\(command.words.joined(separator: " ").prefix(200))")
                guard found == expected else { return try await pool.end() }
            }
        }
        try await pool.end()
    }
}

/// Takes a connection's bytes apart into replies.
final class ReplyReader {
    let connection: ByteConnection
    private var scanner = RESPReplyScanner()
    private var bytes = ByteBuffer()

    init(_ connection: ByteConnection) { self.connection = connection }

    /// The next reply's bytes as text.
    func next() throws -> String {
        while true {
            switch scanner.scan(bytes.readableBytesUInt8Span) {
            case .complete(let reply):
                // Safe: the scanner has seen so many bytes.
                return String(buffer: bytes.readSlice(length: reply.length)!)
            case .incomplete: bytes.writeBytes(try connection.receive())
            case .malformed(let error): throw error
            case .inline: throw RESPSyntaxError.multibulkLength
            }
        }
    }
}

struct RandomCommand {
    var words: [String]
    var bytes: [UInt8] {
        Array(words.reduce("*\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }.utf8)
    }
}

/// Commands whose replies depend on nothing but the commands before them.
struct RandomCommands {
    var numbers: SeededNumbers

    init(seed: UInt64) { numbers = SeededNumbers(seed: seed) }

    mutating func next() -> RandomCommand {
        RandomCommand(words: Int.random(in: 0..<4, using: &numbers) == 0 ? several() : single())
    }

    private mutating func key() -> String { "key:\(Int.random(in: 0..<60, using: &numbers))" }
    private mutating func number(_ range: ClosedRange<Int> = -20...20) -> String {
        "\(Int.random(in: range, using: &numbers))"
    }
    private mutating func value() -> String {
        let length = Int.random(in: 0..<50, using: &numbers) == 0 ? 100_000 : Int.random(in: 0...40, using: &numbers)
        return String(repeating: "v", count: length) + number()
    }
    private mutating func keys() -> [String] { (0..<Int.random(in: 1...30, using: &numbers)).map { _ in key() } }

    private mutating func single() -> [String] {
        let key = key()
        switch Int.random(in: 0..<34, using: &numbers) {
        case 0...3: return ["SET", key, value()]
        case 4...7: return ["GET", key]
        case 8: return ["incr", key]
        case 9: return ["APPEND", key, value()]
        case 10: return ["GETRANGE", key, number(), number()]
        case 11: return ["SETRANGE", key, number(0...100), value()]
        case 12: return ["STRLEN", key]
        case 13: return ["HSET", key, number(), value(), number(), value()]
        case 14: return ["HGET", key, number()]
        case 15: return ["HLEN", key]
        case 16: return ["LPUSH", key, value(), value()]
        case 17: return ["RPOP", key]
        case 18: return ["LRANGE", key, number(), number()]
        case 19: return ["SADD", key, number(0...40), number(0...40)]
        case 20: return ["SISMEMBER", key, number(0...40)]
        case 21: return ["SCARD", key]
        case 22: return ["ZADD", key, number(), number()]
        case 23: return ["ZRANGE", key, "0", "-1", "WITHSCORES"]
        case 24: return ["ZSCORE", key, number()]
        case 25: return ["TYPE", key]
        case 26: return ["EXPIRE", key, "100000"]
        case 27: return ["PERSIST", key]
        case 28: return ["BITCOUNT", key]
        case 29: return ["GETDEL", key]
        case 30: return ["SET", key, value(), "NX", "GET"]
        case 31: return ["EVAL", "return {KEYS[1], ARGV[1], redis.call('EXISTS', KEYS[1])}", "1", key, number()]
        case 32: return ["GET"]
        default: return ["SETNX", key, value()]
        }
    }

    private mutating func several() -> [String] {
        switch Int.random(in: 0..<8, using: &numbers) {
        case 0, 1: return ["MGET"] + keys()
        case 2: return ["MSET"] + keys().flatMap { [$0, value()] }
        case 3: return ["DEL"] + keys().prefix(5)
        case 4: return ["EXISTS"] + keys()
        case 5: return ["TOUCH"] + keys()
        case 6: return ["UNLINK"] + keys().prefix(3)
        default: return ["ECHO", value()]
        }
    }
}
