// SPDX-License-Identifier: Apache-2.0

import Core
import Foundation
import NIOCore
import Synchronization
import Testing

@testable import Proxying

/// Sockets that listen, and what comes in there.
@Suite(.timeLimit(.minutes(1))) struct StreamListenerTests {
    /// The connections that have come in.
    private final class Welcomed: Sendable {
        private let channels = Mutex<[EpollChannel]>([])

        func add(_ channel: EpollChannel) { channels.withLock { $0.append(channel) } }
        var all: [EpollChannel] { channels.withLock { $0 } }
        var count: Int { all.count }
    }

    private static let anyPort = ListenAddress(host: "127.0.0.1", port: 0)

    private func rules(_ change: (inout StreamListener.Rules) -> Void) -> StreamListener.Rules {
        var rules = StreamListener.Rules()
        change(&rules)
        return rules
    }

    /// Runs `body` with a listener on a free port.
    private func run(
        loops: Int = 1, _ change: (inout StreamListener.Rules) -> Void = { _ in },
        _ body: (StreamListener, Welcomed, EpollEventLoopGroup) async throws -> Void
    ) async throws {
        try await EpollEventLoopGroup.run(loops: loops) { group in
            let welcomed = Welcomed()
            let listener = try await StreamListener.bind(to: Self.anyPort, rules(change), group: group) {
                welcomed.add($0)
            }
            try await body(listener, welcomed, group)
            await listener.close()
        }
    }

    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let path = NSTemporaryDirectory() + "listen-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    // MARK: - Connections

    @Test func `connections come in at the port that was found, spread over all loops`() async throws {
        try await run(loops: 3) { listener, welcomed, group in
            #expect(listener.port > 0)
            #expect(listener.address == (try SocketAddress(ipAddress: "127.0.0.1", port: listener.port)))
            let clients = try (0..<9).map { _ in try PeerSocket(port: listener.port) }
            try await eventually { welcomed.count == 9 }
            for loop in group.loops { #expect(welcomed.all.count { $0.loop === loop } == 3) }
            #expect(welcomed.all.allSatisfy { $0.remoteAddress?.ipAddress == "127.0.0.1" })
            _ = clients
        }
    }

    @Test func `more connections than are taken in one turn come in all`() async throws {
        try await run { listener, welcomed, group in
            let isReady = Count()
            group.loops[0].execute { while isReady.value == 0 {} }
            // All of them wait when the loop gets to them: it is told once.
            let clients = try (0..<100).map { _ in try PeerSocket(port: listener.port) }
            isReady.add()
            try await eventually { welcomed.count == 100 }
            _ = clients
        }
    }

    @Test func `what a client says at once is read`() async throws {
        try await EpollEventLoopGroup.run(loops: 2) { group in
            let trace = ChannelTrace()
            let listener = try await StreamListener.bind(to: Self.anyPort, StreamListener.Rules(), group: group) {
                try $0.pipeline.syncOperations.addHandler(TracingHandler(trace))
            }
            for round in 1...20 {
                let client = try PeerSocket(port: listener.port)
                client.write("hello")
                client.close()
                try await eventually { trace.text == String(repeating: "hello", count: round) }
            }
            await listener.close()
        }
    }

    @Test func `a connection that nobody welcomes is closed`() async throws {
        struct Refusal: Error {}
        try await EpollEventLoopGroup.run(loops: 2) { group in
            let rules = rules { $0.connectionsMax = 1 }
            let listener = try await StreamListener.bind(to: Self.anyPort, rules, group: group) { _ in throw Refusal() }
            // Its place is the next one's.
            for _ in 0..<10 { #expect(try PeerSocket(port: listener.port).readToEnd().isEmpty) }
            await listener.close()
        }
    }

    @Test("Connections beyond the limit wait until one has ended, by either side", arguments: [1, 2], [true, false])
    func waitBeyondLimit(loops: Int, isClientFirst: Bool) async throws {
        try await run(loops: loops, { $0.connectionsMax = 3 }) { listener, welcomed, group in
            let clients = try (0..<8).map { _ in try PeerSocket(port: listener.port) }
            try await eventually { welcomed.count == 3 }
            for loop in group.loops { try await loop.settle() }
            #expect(welcomed.count == 3)
            for closed in 0..<5 {
                // Clients come in in the order in which they have connected.
                if isClientFirst { clients[closed].close() } else { try await welcomed.all[closed].close() }
                try await eventually { welcomed.count == 4 + closed }
                for loop in group.loops { try await loop.settle() }
                #expect(welcomed.count == 4 + closed)
            }
        }
    }

    @Test func `errors of a socket that listens are waited out, once for all`() async throws {
        try await run { listener, welcomed, group in
            let descriptor = try #require(Self.listening(on: listener.port))
            let loop = group.loops[0]
            // Taking connections fails from now on, and each call is an event.
            for _ in 0..<10 {
                shutdown(descriptor, Int32(SHUT_RD))
                try await loop.settle()
            }
            #expect(try await loop.submit { loop.timers.count }.get() == 1)
            try #require(listen(descriptor, 16) == 0)
            // The kernel has chosen another port for it.
            let client = try PeerSocket(port: SocketAddress(boundTo: descriptor)?.port ?? 0)
            try await eventually { welcomed.count == 1 }
            _ = client
        }
    }

    private static func listening(on port: Int) -> Int32? {
        (3..<4096).first { descriptor in
            var (isListening, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
            guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0 else { return false }
            return isListening != 0 && SocketAddress(boundTo: descriptor)?.port == port
        }
    }

    // MARK: - The end

    @Test func `a listener that is closed takes no more, and keeps what it has`() async throws {
        try await EpollEventLoopGroup.run { group in
            let trace = ChannelTrace()
            let listener = try await StreamListener.bind(to: Self.anyPort, StreamListener.Rules(), group: group) {
                try $0.pipeline.syncOperations.addHandler(TracingHandler(trace))
            }
            let client = try PeerSocket(port: listener.port)
            try await eventually { trace.events == ["registered", "active"] }
            await listener.close()
            await listener.close()
            #expect(throws: IOError.self) { try PeerSocket(port: listener.port) }
            client.write("still here")
            try await eventually { trace.text == "still here" }
        }
    }

    @Test func `a listener ends with its loop, and there is none on a loop that has ended`() async throws {
        let group = EpollEventLoopGroup(count: 1, name: "test")
        let listener = try await StreamListener.bind(to: Self.anyPort, StreamListener.Rules(), group: group) { _ in }
        await group.shutdownGracefully()
        await listener.whenClosed()
        #expect(throws: IOError.self) { try PeerSocket(port: listener.port) }
        await #expect(throws: EventLoopError.shutdown) {
            _ = try await StreamListener.bind(to: Self.anyPort, StreamListener.Rules(), group: group) { _ in }
        }
    }

    @Test func `a connection on its way to a loop that has ended is closed`() async throws {
        let other = EpollEventLoopGroup(count: 2, name: "test")
        let welcomed = Welcomed()
        // The listener is on the first loop, and the first connection goes to the second, which ends.
        let listener = try await StreamListener.bind(to: Self.anyPort, StreamListener.Rules(), group: other) {
            welcomed.add($0)
        }
        await withCheckedContinuation { continuation in other.loops[1].beginEnd { continuation.resume() } }
        #expect(try PeerSocket(port: listener.port).readToEnd().isEmpty)
        let client = try PeerSocket(port: listener.port)
        try await eventually { welcomed.all.contains { $0.isActive } }
        _ = client
        await listener.close()
        await other.shutdownGracefully()
    }

    // MARK: - Addresses

    @Test func `a port that is taken is refused, unless both sides share it`() async throws {
        try await run { listener, _, group in
            let address = ListenAddress(host: "127.0.0.1", port: listener.port)
            let error = await #expect(throws: IOError.self) {
                _ = try await StreamListener.bind(to: address, rules { $0.sharesPort = true }, group: group) { _ in }
            }
            #expect(error?.errnoCode == EADDRINUSE)
        }
        try await run {
            $0.sharesPort = true
        } _: { listener, welcomed, group in
            let address = ListenAddress(host: "127.0.0.1", port: listener.port)
            let rules = rules { $0.sharesPort = true }
            let second = try await StreamListener.bind(to: address, rules, group: group) { welcomed.add($0) }
            #expect(second.port == listener.port)
            let clients = try (0..<20).map { _ in try PeerSocket(port: listener.port) }
            try await eventually { welcomed.count == 20 }
            _ = clients
            await second.close()
        }
    }

    @Test func `a socket's file has the permissions that were asked for, whatever the mask`() async throws {
        try await withDirectory { directory in
            try await EpollEventLoopGroup.run { group in
                for permissions in [0o600, 0o666, 0o777] as [UInt16] {
                    let path = "\(directory)/\(permissions)"
                    let address = try SocketAddress(unixDomainSocketPath: path)
                    let welcomed = Welcomed()
                    let rules = rules { $0.permissions = permissions }
                    let listener = try await StreamListener.bind(to: address, rules, group: group) { welcomed.add($0) }
                    let attributes = try FileManager.default.attributesOfItem(atPath: path)
                    #expect((attributes[.posixPermissions] as? NSNumber)?.uint16Value == permissions)
                    #expect(listener.port == 0)
                    let client = try PeerSocket(to: address)
                    try await eventually { welcomed.count == 1 }
                    _ = client
                    await listener.close()
                }
            }
        }
    }

    @Test func `a socket's file that is left is replaced, and any other file isn't`() async throws {
        try await withDirectory { directory in
            try await EpollEventLoopGroup.run { group in
                let address = try SocketAddress(unixDomainSocketPath: "\(directory)/socket")
                for _ in 0..<2 {
                    let listener = try await StreamListener.bind(to: address, StreamListener.Rules(), group: group) {
                        _ in
                    }
                    #expect((try? PeerSocket(to: address)) != nil)
                    await listener.close()
                    #expect(FileManager.default.fileExists(atPath: "\(directory)/socket"))
                }
                let file = "\(directory)/file"
                try Data("precious".utf8).write(to: URL(fileURLWithPath: file))
                let taken = try SocketAddress(unixDomainSocketPath: file)
                let error = await #expect(throws: IOError.self) {
                    _ = try await StreamListener.bind(to: taken, StreamListener.Rules(), group: group) { _ in }
                }
                #expect(error?.errnoCode == EADDRINUSE)
                #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data("precious".utf8))
            }
        }
    }
}
