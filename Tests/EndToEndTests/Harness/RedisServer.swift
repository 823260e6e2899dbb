// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit

/// A real redis-server on a port of its own, without a file.
final class RedisServer: Sendable {
    static let path = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    let port: Int
    private let process: ChildProcess

    init(in folder: TemporaryFolder) throws {
        guard let path = Self.path else { throw WaitedTooLong(description: "there is no redis-server") }
        port = try FreePort.next()
        process = try ChildProcess(
            [path, "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            environment: [:], workingDirectory: folder.path)
        let port = port
        try wait(for: "redis-server serves") { (try? RESPCall(port: port).send("PING")) == "+PONG" }
    }

    /// How many keys it has.
    func keyCount() throws -> Int {
        Int(try RESPCall(port: port).send("DBSIZE").dropFirst()) ?? -1
    }
}

/// One connection to something that speaks Redis' protocol, for commands whose replies are lines.
final class RESPCall {
    private let connection: Connection

    init(port: Int) throws { connection = try Connection(port: port) }

    /// Sends a command and reads its reply: its line, or the value that the line announces.
    func send(_ words: String...) throws -> String {
        connection.write("*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined())
        let line = try connection.readLine()
        return line.hasPrefix("$") && line != "$-1" ? try connection.readLine() : line
    }
}
