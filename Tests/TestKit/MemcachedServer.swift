// SPDX-License-Identifier: Apache-2.0

import Foundation

// Safe: the process is only replaced by the test that owns the server.
/// A real memcached on a free port of loopback, which ends with the test.
package final class MemcachedServer: @unchecked Sendable {
    package let port: Int
    private var process: GuardedProcess

    private static let path = ["/usr/bin/memcached", "/usr/local/bin/memcached"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    package static var isInstalled: Bool { path != nil }

    package init() throws {
        port = try FreePort.next()
        process = try Self.start(port)
    }

    /// Ends it as a crash does.
    package func kill() { process.kill() }

    /// Starts it again on its port, empty, after `kill`.
    package func restart() throws { process = try Self.start(port) }

    private static func start(_ port: Int) throws -> GuardedProcess {
        let arguments = ["-u", "nobody", "-l", "127.0.0.1", "-p", "\(port)", "-U", "0", "-m", "64", "-t", "1"]
        return try GuardedProcess(path ?? "memcached", arguments, port: port)
    }
}
