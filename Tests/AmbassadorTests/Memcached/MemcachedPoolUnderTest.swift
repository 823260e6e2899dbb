// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Proxying
import TestKit

@testable import Ambassador

/// A pool on a free port before servers that the test has started, on loops of its own.
final class MemcachedPoolUnderTest {
    let pool: MemcachedPool
    let port: Int
    private let group: EpollEventLoopGroup

    init(
        servers ports: [Int], loops: Int = 1, _ configure: (inout PoolConfiguration) -> Void = { _ in }
    ) async throws {
        var configuration = MemcachedPoolConfiguration()
        configuration.pool.listen = .network(ListenAddress(host: "127.0.0.1", port: 0))
        for (index, port) in ports.enumerated() {
            configuration.pool.servers["server\(index + 1)"] = ServerConfiguration(
                address: .network(host: "127.0.0.1", port: port))
        }
        configure(&configuration.pool)
        group = EpollEventLoopGroup(count: loops, name: "test")
        pool = MemcachedPool(
            name: "sessions", configuration: configuration, group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        port = try await pool.start()
    }

    func connect() throws -> ByteConnection { try ByteConnection(port: port) }

    func end() async throws {
        await pool.drain(within: .seconds(5))
        await group.shutdownGracefully()
    }
}

extension ByteConnection {
    /// Sends commands, and receives their replies up to that of an `mn` behind them.
    func memcached(_ commands: String) throws -> String {
        try write(commands + "mn\r\n")
        let end = Array("MN\r\n".utf8)
        var received: [UInt8] = []
        while received.suffix(end.count) != end[...] {
            let more = try receive()
            guard !more.isEmpty else { break }
            received += more
        }
        return String(decoding: received.dropLast(end.count), as: UTF8.self)
    }
}
