// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireRESP

@testable import Ambassador

struct RedisScanTests {
    private func cursor(_ text: String, servers: Int) -> RedisScanCursor? {
        let bytes = Array(text.utf8)
        return RedisScanCursor(bytes.span, servers: servers)
    }

    private func reply(_ position: RedisScanCursor, _ text: String, servers: Int) -> String {
        let reply = ScanReply(position, servers: servers)
        _ = reply.take(0, ByteBuffer(string: text), text.hasPrefix("-") ? .refusal : .value)
        var output = ByteBuffer()
        reply.write(into: &output)
        return String(buffer: output)
    }

    @Test func `a scan passes each server's cursors and then goes to the next, until all are done`() throws {
        // What each of three servers answers, call after call.
        var answers: [[UInt64]] = [[17, 1 << 40, 0], [0], [5, 0]]
        var text = "0"
        var visited: [Int] = []
        var given: [UInt64] = []
        repeat {
            let position = try #require(cursor(text, servers: 3))
            visited.append(position.server)
            given.append(position.cursor)
            let next = answers[position.server].removeFirst()
            let answer = reply(position, "*2\r\n$\("\(next)".utf8.count)\r\n\(next)\r\n*1\r\n$1\r\nk\r\n", servers: 3)
            guard case .array(let elements) = try RESPValue.decode(ByteBuffer(string: answer)) else { return }
            #expect(elements[1] == .array([.bulk("k")]))
            text = try #require(elements[0].text)
        } while text != "0"
        #expect(visited == [0, 0, 0, 1, 2, 2])
        #expect(given == [0, 17, 1 << 40, 0, 0, 5])
    }

    @Test func `the server gets its own cursor and the client's options`() throws {
        let position = try #require(cursor("69633", servers: 2))
        #expect(position.server == 1)
        #expect(position.cursor == 17)
        let command = ScannedCommand("scan 69633 MATCH a* COUNT 10")
        var expected = ByteBuffer()
        expected.writeRESPCommand(["scan", "17", "MATCH", "a*", "COUNT", "10"])
        #expect(position.command(command.command, command.bytes.span) == expected)
    }

    @Test(arguments: ["", "x", "-1", "1x", "99999999999999999999", "184467440737095516160", "2", "4095"])
    func `what is no cursor of this pool is refused`(text: String) {
        #expect(cursor(text, servers: 2) == nil)
        #expect(cursor("0", servers: RedisScanCursor.serversMax + 1) == nil)
        #expect(cursor("0", servers: 0) == nil)
    }

    @Test func `a cursor that doesn't fit is an error, never another one`() {
        let position = RedisScanCursor(server: 1)
        let misfit = "-ERR the servers' replies don't fit together\r\n"
        #expect(position.next(1 << 52, servers: 2) == nil)
        #expect(position.next((1 << 52) - 1, servers: 2) != nil)
        #expect(reply(position, "*2\r\n$16\r\n4503599627370496\r\n*0\r\n", servers: 2) == misfit)
        #expect(reply(position, "*2\r\n$1\r\nx\r\n*0\r\n", servers: 2) == misfit)
        #expect(reply(position, "*1\r\n$1\r\n0\r\n", servers: 2) == misfit)
        #expect(reply(position, "+OK\r\n", servers: 2) == misfit)
        #expect(reply(position, "-ERR no\r\n", servers: 2) == "-ERR no\r\n")
    }
}
