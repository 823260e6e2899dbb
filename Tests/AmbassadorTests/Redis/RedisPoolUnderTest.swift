// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Proxying
import Synchronization
import TestKit

@testable import Ambassador

/// A server's name, which leads to this machine until it moves.
final class MovingName: Sendable {
    private let moved = Atomic(false)

    var hasMoved: Bool { moved.load(ordering: .sequentiallyConsistent) }
    func move() { moved.store(true, ordering: .sequentiallyConsistent) }
}

/// A pool on a free port before servers that the test has started, on one loop of its own.
final class RedisPoolUnderTest {
    let pool: RedisPool
    let port: Int
    let configuration: RedisPoolConfiguration
    private let group: EpollEventLoopGroup

    init(
        servers ports: [Int], loops: Int = 1, _ configure: (inout RedisPoolConfiguration) -> Void = { _ in },
        lookup: @escaping @Sendable (String) async -> Result<Set<String>, NameLookupError> = NameLookup.addresses
    ) async throws {
        var configuration = RedisPoolConfiguration()
        configuration.pool.listen = .network(ListenAddress(host: "127.0.0.1", port: 0))
        for (index, port) in ports.enumerated() {
            configuration.pool.servers["server\(index + 1)"] = ServerConfiguration(
                address: .network(host: "127.0.0.1", port: port))
        }
        configure(&configuration)
        self.configuration = configuration
        group = EpollEventLoopGroup(count: loops, name: "test")
        pool = RedisPool(
            name: "cache", configuration: configuration, group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, lookup: lookup)
        port = try await pool.start()
    }

    /// Before one server on `port`, by a name that may move.
    convenience init(server port: Int, by name: MovingName) async throws {
        try await self.init(
            servers: [],
            {
                $0.pool.servers["server1"] = ServerConfiguration(address: .network(host: "localhost", port: port))
                $0.pool.resolveInterval = .milliseconds(20)
            },
            lookup: { _ in .success(name.hasMoved ? ["192.0.2.1"] : ["127.0.0.1", "::1"]) })
    }

    func connect() throws -> ByteConnection { try ByteConnection(port: port) }

    func end() async throws {
        await pool.drain(within: .seconds(5))
        await group.shutdownGracefully()
    }
}

/// A command as clients send it.
func command(_ words: String...) -> String {
    words.reduce("*\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }
}
