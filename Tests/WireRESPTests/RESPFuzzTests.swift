// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireRESP

/// Goal: no bytes trap a scanner, make it read outside of them, or make it disagree with itself.
///
/// Method: valid text with a few bytes changed, a million times. A scanner that gets it in random pieces must say the
/// same as one that gets it whole, and must have said no more to be missing than was. Spans check each index, so that a
/// read outside of them would trap.
struct RESPFuzzTests {
    private static let rounds = 500_000

    private static let commands = [
        "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$10\r\n0123456789\r\n", "*1\r\n$4\r\nPING\r\n*0\r\n",
        "*-1\r\n*1\r\n$0\r\n\r\n",
        "*6\r\n$4\r\nMGET\r\n$1\r\na\r\n$0\r\n\r\n$2\r\n\r\n\r\n$1\r\nd\r\n$1\r\ne\r\n", "GET key\r\nSET \"a b\" 'c'\n",
        "*2\r\n$20\r\nGEORADIUSBYMEMBER_RO\r\n$2\r\n{}\r\n",
    ].map { Array($0.utf8) }

    private static let replies = RESPReplyScannerTests.corpus.map { Array($0.utf8) }

    /// What changes a meaning, more often than any other byte would.
    private static let pieces = [
        "\r\n", "\n", "\r", "\0", "0", "1", "9", "-1", "-", "?", "*2\r\n", "$1\r\n", "%1\r\n", "|1\r\n", "~1\r\n",
        ">1\r\n", "=5\r\n", "*", "$", "+a\r\n", "_\r\n", ":1\r\n", "99999999999", "\u{7F}",
    ].map { Array($0.utf8) }

    private static func mutate(_ bytes: inout [UInt8], _ numbers: inout SeededNumbers) {
        for _ in 0..<Int.random(in: 1...3, using: &numbers) {
            let place = Int.random(in: 0..<bytes.count, using: &numbers)
            switch numbers.next() % 4 {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: numbers.next() >> 8)
            case 1: bytes.insert(contentsOf: pieces.randomElement(using: &numbers) ?? [], at: place)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + 2))
            default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &numbers)], at: place)
            }
            if bytes.isEmpty { bytes = [0x2A] }
        }
    }

    private struct Disagreement: Error {
        let bytes: [UInt8]
        let cuts: [Int]
    }

    private static func isSame<Value: Comparison>(_ left: RESPScan<Value>?, _ right: RESPScan<Value>?) -> Bool {
        switch (left, right) {
        case (.complete(let left), .complete(let right)): left.isSame(right)
        case (.inline(let left), .inline(let right)): left == right
        case (.malformed(let left), .malformed(let right)): left == right
        case (nil, nil): true
        default: false
        }
    }

    /// Scans a text whole and in pieces, and returns how a whole scan ended.
    private static func scan<S: Scanner>(
        _ scanner: S, _ bytes: [UInt8], _ numbers: inout SeededNumbers
    ) throws -> RESPScan<S.Value>? where S.Value: Comparison {
        var whole = scanner
        let end = whole.scan(bytes, cuts: [])
        let count = bytes.count
        let cuts = (0..<3).map { _ in Int.random(in: 0...count, using: &numbers) }.sorted()
        var inPieces = scanner
        let pieced = inPieces.scan(bytes, cuts: cuts)
        guard Self.isSame(pieced.end, end.end), pieced.end?.complete == nil || pieced.missing <= pieced.fed else {
            throw Disagreement(bytes: bytes, cuts: cuts)
        }
        return end.end
    }

    @Test func `changed commands are scanned in pieces as they are whole`() throws {
        var numbers = SeededNumbers(seed: 1)
        var completed = 0
        for round in 0..<Self.rounds {
            var bytes = Self.commands[round % Self.commands.count]
            Self.mutate(&bytes, &numbers)
            switch try Self.scan(RESPCommandScanner(), bytes, &numbers) {
            case .complete(let command):
                completed += 1
                guard arguments(command, bytes).count == command.argumentCount else {
                    throw Disagreement(bytes: bytes, cuts: [])
                }
            case .inline(let length): _ = try? RESPInline.split(bytes.span.extracting(0..<length))
            case .incomplete, .malformed, nil: break
            }
        }
        #expect(completed > Self.rounds / 10)
    }

    @Test func `changed replies are scanned in pieces as they are whole, and decoded or refused`() throws {
        var numbers = SeededNumbers(seed: 2)
        var completed = 0
        for round in 0..<Self.rounds {
            var bytes = Self.replies[round % Self.replies.count]
            Self.mutate(&bytes, &numbers)
            guard case .complete(let reply) = try Self.scan(RESPReplyScanner(), bytes, &numbers) else { continue }
            completed += 1
            guard let value = try? RESPValue.decode(ByteBuffer(bytes: bytes[0..<reply.length])) else { continue }
            var buffer = ByteBuffer()
            buffer.writeRESP(value, .three)
            guard (try? RESPValue.decode(buffer)) != nil else { throw Disagreement(bytes: bytes, cuts: []) }
        }
        #expect(completed > Self.rounds / 10)
    }
}

/// Values that can be told apart.
protocol Comparison {
    func isSame(_ other: Self) -> Bool
}

extension RESPReply: Comparison {
    func isSame(_ other: RESPReply) -> Bool { self == other }
}

extension RESPCommand: Comparison {
    func isSame(_ other: RESPCommand) -> Bool {
        length == other.length && argumentCount == other.argumentCount && name == other.name
            && (0..<RESPCommand.placeCount).allSatisfy { self[$0] == other[$0] }
    }
}
