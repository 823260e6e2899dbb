// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import Proxying
import TestKit
import Testing

@testable import Ambassador

/// What becomes of a connection that nothing more is written to.
@Suite(.serialized) struct LastWritesTests {
    private static let count = 600_000

    /// Writes more than the kernel takes, and nothing more.
    private final class LastWriter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let lingering: TimeAmount?
        private let written: SharedCount

        init(lingering: TimeAmount?, written: SharedCount) { (self.lingering, self.written) = (lingering, written) }

        func channelActive(context: ChannelHandlerContext) {
            let bytes = ByteBuffer(repeating: 120, count: LastWritesTests.count)
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            let written = written
            context.closeAfterWrites(lingering: lingering, patience: .milliseconds(500)) { written.add(1) }
        }
    }

    /// Gives `body` a client of such a connection, and whether all is written.
    private func withClient(
        lingering: TimeAmount?, _ body: (ByteConnection, SharedCount) async throws -> Void
    ) async throws {
        let path = NSTemporaryDirectory() + "writes-\(UUID().uuidString.prefix(8)).sock"
        let written = SharedCount()
        let group = EpollEventLoopGroup(count: 1, name: "test")
        var rules = StreamListener.Rules()
        rules.connections.allowsHalfClosure = true
        let address = try SocketAddress(unixDomainSocketPath: path)
        let listener = try await StreamListener.bind(to: address, rules, group: group) { channel in
            try channel.pipeline.syncOperations.addHandler(LastWriter(lingering: lingering, written: written))
        }
        try await body(try ByteConnection(path: path), written)
        await listener.close()
        await group.shutdownGracefully()
    }

    @Test func `a client that takes nothing for a while is let go`() async throws {
        try await withClient(lingering: .seconds(1)) { connection, written in
            try await Task.sleep(for: .seconds(1))
            #expect(written.value == 1)
            #expect(try connection.readToEnd().utf8.count < Self.count)
        }
    }

    @Test func `a client that takes some now and then gets all`() async throws {
        try await withClient(lingering: .milliseconds(100)) { connection, written in
            var received = 0
            // More than half a second, in which it takes some.
            for _ in 0..<8 {
                try await Task.sleep(for: .milliseconds(90))
                received += try connection.receive().count
            }
            #expect(try received + connection.readToEnd().utf8.count == Self.count)
            #expect(written.value == 1)
        }
    }

    @Test func `a client is listened to no longer when it says no more`() async throws {
        try await withClient(lingering: .seconds(60)) { connection, written in
            connection.endSending()
            #expect(try connection.readToEnd().utf8.count == Self.count)
            #expect(written.value == 1)
            for _ in 0..<50 where (try? connection.write("x")) != nil { try await Task.sleep(for: .milliseconds(10)) }
        }
    }
}
