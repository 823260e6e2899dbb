// SPDX-License-Identifier: Apache-2.0

import TestKit
import Testing
import WireRESP

@Suite("Replies that are passed on part by part")
struct RESPForgetTests {
    private static let replies = [
        "+OK\r\n", ":-12\r\n", "$5\r\nhello\r\n", "$0\r\n\r\n", "$-1\r\n", "*2\r\n$3\r\nabc\r\n*1\r\n:7\r\n",
        "%1\r\n+key\r\n$40\r\n\(String(repeating: "\r\n", count: 20))\r\n", "|1\r\n+a\r\n:1\r\n$3\r\nabc\r\n",
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$30\r\n\(String(repeating: "$1\r\n*", count: 6))\r\n",
    ]

    @Test(arguments: replies)
    func `wherever it is cut, what was let go of and what is left are the reply`(_ reply: String) {
        var numbers = SeededNumbers(seed: 7)
        let bytes = Array(reply.utf8)
        for _ in 0..<500 {
            var scanner = RESPReplyScanner()
            var held: [UInt8] = []
            var passed: [UInt8] = []
            var fed = 0
            var length: Int?
            while fed < bytes.count {
                let count = Int.random(in: 1...min(7, bytes.count - fed), using: &numbers)
                held += bytes[fed..<fed + count]
                fed += count
                if let end = scanner.scan(held.span).complete {
                    length = end.length
                } else {
                    let forgotten = scanner.forget(held.count)
                    passed += held.prefix(forgotten)
                    held.removeFirst(forgotten)
                }
            }
            #expect(length == held.count)
            #expect(passed + held == bytes)
            #expect(scanner.scan(Array("+OK\r\n".utf8).span).complete?.length == 5)
        }
    }

    @Test func `nothing of a payload is held but its end`() {
        var scanner = RESPReplyScanner()
        let beginning = Array("$100\r\nabcdefgh".utf8)
        #expect(scanner.scan(beginning.span).missing == 94)
        #expect(scanner.forget(beginning.count) == beginning.count)
        let all = [UInt8](repeating: 0x78, count: 92) + [0x0D]
        #expect(scanner.scan(all.span).missing == 1)
        #expect(scanner.forget(all.count) == 92)
        #expect(scanner.scan([0x0D, 0x0A].span).complete?.length == 2)
    }

    @Test func `what is wrong behind a part that is gone is seen`() {
        var scanner = RESPReplyScanner()
        #expect(scanner.scan(Array("$3\r\na".utf8).span).missing == 4)
        #expect(scanner.forget(5) == 5)
        #expect(scanner.scan(Array("bcxx".utf8).span).error == .bulkEnd)
    }
}
