// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import NIOPosix
import Proxying
import TestKit

@testable import Ambassador

/// A pool on a free port before servers that the test has started, on one loop of its own.
final class RedisPoolUnderTest {
    let pool: RedisPool
    let port: Int
    let configuration: RedisPoolConfiguration
    private let group: MultiThreadedEventLoopGroup

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
        group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        pool = RedisPool(
            name: "cache", configuration: configuration, group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, lookup: lookup)
        port = try await pool.start()
    }

    func connect() throws -> ByteConnection { try ByteConnection(port: port) }

    func end() async throws {
        await pool.drain(within: .seconds(5))
        try await group.shutdownGracefully()
    }
}

/// A command as clients send it.
func command(_ words: String...) -> String {
    words.reduce("*\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }
}
