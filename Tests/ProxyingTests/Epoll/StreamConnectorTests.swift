// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import Testing

@testable import Proxying

/// How connections to servers are opened.
@Suite(.timeLimit(.minutes(1))) struct StreamConnectorTests {
    private struct Refusal: Error {}

    private func connect(
        _ group: EpollEventLoopGroup, _ target: StreamTarget, within timeout: TimeAmount = .seconds(20),
        _ trace: ChannelTrace = ChannelTrace()
    ) async throws -> EpollChannel {
        let loop = group.loops[0]
        return try await loop.flatSubmit {
            StreamConnector(loop, within: timeout).connect(to: target) {
                try $0.pipeline.syncOperations.addHandler(TracingHandler(trace))
            }
        }.get()
    }

    /// Tries several addresses, as of a name that has them.
    private func race(
        _ group: EpollEventLoopGroup, _ addresses: [SocketAddress], within timeout: TimeAmount = .seconds(20)
    ) async throws -> EpollChannel {
        let loop = group.loops[0]
        return try await loop.flatSubmit {
            let race = ConnectRace(loop, SocketSettings()) { _ in }
            race.begin(within: timeout)
            race.run(addresses)
            return race.future
        }.get()
    }

    /// Where nobody listens.
    private func closedAddress() throws -> SocketAddress { try ListeningSocket(backlog: 1).address }

    private func accepted(_ listener: ListeningSocket) -> PeerSocket {
        PeerSocket(accept(listener.descriptor, nil, nil))
    }

    // MARK: - One address

    @Test func `a connection is active when it is there, and carries bytes both ways`() async throws {
        let listener = try ListeningSocket(backlog: 4)
        try await EpollEventLoopGroup.run { group in
            let trace = ChannelTrace()
            let channel = try await connect(group, .address(listener.address), trace)
            #expect(channel.isActive)
            #expect(trace.events == ["registered", "active"])
            #expect(channel.remoteAddress?.port == listener.port)
            let server = accepted(listener)
            try await channel.writeAndFlush(ByteBuffer(string: "hello"))
            #expect(try server.readText(count: 5) == "hello")
            server.write("welcome")
            try await eventually { trace.text == "welcome" }
        }
    }

    @Test func `a socket's file is connected to`() async throws {
        let path = NSTemporaryDirectory() + "connect-\(UUID().uuidString.prefix(8)).sock"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let address = try SocketAddress(unixDomainSocketPath: path)
        try await EpollEventLoopGroup.run { group in
            let trace = ChannelTrace()
            let listener = try await StreamListener.bind(to: address, StreamListener.Rules(), group: group) {
                try $0.pipeline.syncOperations.addHandler(TracingHandler(trace))
            }
            let channel = try await connect(group, .address(address))
            try await channel.writeAndFlush(ByteBuffer(string: "hello"))
            try await eventually { trace.text == "hello" }
            await listener.close()
            let error = await #expect(throws: IOError.self) { _ = try await connect(group, .address(address)) }
            #expect(error?.errnoCode == ECONNREFUSED)
        }
    }

    @Test func `a server that refuses is told of`() async throws {
        try await EpollEventLoopGroup.run { group in
            let error = await #expect(throws: IOError.self) { _ = try await connect(group, .address(closedAddress())) }
            #expect(error?.errnoCode == ECONNREFUSED)
        }
    }

    @Test func `a server that says nothing is given up after a while`() async throws {
        let listener = try ListeningSocket(backlog: 0)
        let held = try listener.fill()
        defer { for descriptor in held { close(descriptor) } }
        try await EpollEventLoopGroup.run { group in
            await #expect(throws: ChannelError.connectTimeout(.milliseconds(100))) {
                _ = try await connect(group, .address(listener.address), within: .milliseconds(100))
            }
        }
    }

    @Test func `a connection that can't be prepared is closed`() async throws {
        let listener = try ListeningSocket(backlog: 4)
        try await EpollEventLoopGroup.run { group in
            let (loop, address) = (group.loops[0], try listener.address)
            await #expect(throws: Refusal.self) {
                _ = try await loop.flatSubmit {
                    StreamConnector(loop, within: .seconds(20)).connect(to: .address(address)) { _ in throw Refusal() }
                }.get()
            }
            #expect(try accepted(listener).readToEnd().isEmpty)
        }
    }

    @Test func `what a server says before anything else is read, and so is its end`() async throws {
        try await EpollEventLoopGroup.run(loops: 2) { group in
            let listener = try await StreamListener.bind(
                to: SocketAddress(ipAddress: "127.0.0.1", port: 0), StreamListener.Rules(), group: group
            ) { channel in
                let greeting = ByteBuffer(string: "greeting")
                channel.loop.execute {
                    channel.writeAndFlush(greeting).whenComplete { _ in channel.close(promise: nil) }
                }
            }
            for _ in 0..<20 {
                let trace = ChannelTrace()
                let channel = try await connect(group, .address(listener.address), trace)
                try await channel.closeFuture.get()
                #expect(trace.text == "greeting")
                #expect(trace.events == ["registered", "active", "inactive", "unregistered", "removed"])
            }
            await listener.close()
        }
    }

    // MARK: - Names

    @Test func `a host is found by its name`() async throws {
        let listener = try ListeningSocket(backlog: 4)
        try await EpollEventLoopGroup.run { group in
            // Whether it has other addresses as well or not.
            let channel = try await connect(group, .host("localhost", port: listener.port))
            #expect(channel.remoteAddress == (try listener.address))
        }
    }

    @Test func `a name that nobody has is told of`() async throws {
        try await EpollEventLoopGroup.run { group in
            // Too long to be asked for anywhere.
            let name = String(repeating: "a", count: 300)
            await #expect(throws: NameLookupError.self) { _ = try await connect(group, .host(name, port: 80)) }
        }
    }

    // MARK: - Several addresses

    @Test func `where the first address refuses the next one is tried`() async throws {
        let listener = try ListeningSocket(backlog: 4)
        try await EpollEventLoopGroup.run { group in
            let channel = try await race(group, [closedAddress(), closedAddress(), listener.address])
            #expect(channel.isActive)
            #expect(channel.remoteAddress == (try listener.address))
        }
    }

    @Test func `where the first address says nothing the next one wins, alone`() async throws {
        let silent = try ListeningSocket(backlog: 0)
        let held = try silent.fill()
        defer { for descriptor in held { close(descriptor) } }
        let listener = try ListeningSocket(backlog: 4)
        try await EpollEventLoopGroup.run { group in
            let channel = try await race(group, [silent.address, listener.address])
            #expect(channel.remoteAddress == (try listener.address))
            #expect(try await group.loops[0].submit { group.loops[0].handles.all.count }.get() == 1)
            #expect(try await group.loops[0].submit { group.loops[0].timers.count }.get() == 0)
        }
    }

    @Test func `where all refuse the first one's reason is told`() async throws {
        try await EpollEventLoopGroup.run { group in
            let missing = try SocketAddress(unixDomainSocketPath: "/nowhere/at/all")
            let error = await #expect(throws: IOError.self) { _ = try await race(group, [missing, closedAddress()]) }
            #expect(error?.errnoCode == ENOENT)
            #expect(try await group.loops[0].submit { group.loops[0].handles.all.count }.get() == 0)
        }
    }

    @Test func `a name without any address is told of`() async throws {
        try await EpollEventLoopGroup.run { group in
            await #expect(throws: NameLookupError.self) { _ = try await race(group, []) }
        }
    }

    // MARK: - The loop's end

    @Test("Who waits for a connection when the loop ends is told", arguments: [true, false])
    func loopEnds(hasOtherAddress: Bool) async throws {
        let silent = try ListeningSocket(backlog: 0)
        let held = try silent.fill()
        defer { for descriptor in held { close(descriptor) } }
        let group = EpollEventLoopGroup(count: 1, name: "test")
        let addresses = try hasOtherAddress ? [silent.address, closedAddress()] : [silent.address]
        let loop = group.loops[0]
        let promise = loop.makePromise(of: EpollChannel.self)
        try await loop.submit {
            let race = ConnectRace(loop, SocketSettings()) { _ in }
            race.begin(within: .hours(1))
            race.run(addresses)
            race.future.cascade(to: promise)
        }.get()
        await group.shutdownGracefully()
        await #expect(throws: (any Error).self) { _ = try await promise.futureResult.get() }
    }

    @Test func `who asks a loop that has ended is told`() async throws {
        let listener = try ListeningSocket(backlog: 4)
        let group = EpollEventLoopGroup(count: 1, name: "test")
        await group.shutdownGracefully()
        await #expect(throws: EventLoopError.shutdown) { _ = try await connect(group, .address(listener.address)) }
        await #expect(throws: (any Error).self) {
            _ = try await connect(group, .host("localhost", port: listener.port))
        }
    }
}
