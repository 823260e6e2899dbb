// SPDX-License-Identifier: Apache-2.0

import Foundation

// Safe: the process is only replaced by the test that owns the server.
/// A real redis-server on a free port of loopback, which ends with the test.
package final class RedisServer: @unchecked Sendable {
    package let port: Int
    private var process: GuardedProcess

    private static let path = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    package static var isInstalled: Bool { path != nil }

    private let arguments: [String]

    /// `arguments`: more of redis-server's own, such as `--requirepass`.
    package init(arguments: [String] = []) throws {
        self.arguments = arguments
        port = try FreePort.next()
        process = try Self.start(port, arguments)
    }

    /// Ends it as a crash does.
    package func kill() { process.kill() }

    /// Starts it again on its port, empty, after `kill`.
    package func restart() throws { process = try Self.start(port, arguments) }

    private static func start(_ port: Int, _ arguments: [String]) throws -> GuardedProcess {
        try GuardedProcess(
            path ?? "redis-server",
            ["--bind", "127.0.0.1", "--port", "\(port)", "--save", "", "--appendonly", "no"] + arguments, port: port)
    }
}
