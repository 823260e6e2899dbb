// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Synchronization
import TestKit
import Testing
import WireHTTP
import WireProxyProtocol

@testable import Proxying

/// Names that a test has lead somewhere.
private final class TestNames: Sendable {
    private let names: Mutex<[String: Set<String>]>
    private let lookups = Atomic(0)

    init(_ names: [String: Set<String>]) { self.names = Mutex(names) }

    var lookupCount: Int { lookups.load(ordering: .sequentiallyConsistent) }

    func set(_ host: String, _ addresses: Set<String>?) { names.withLock { $0[host] = addresses } }

    func lookup(_ host: String) -> Result<Set<String>, NameLookupError> {
        lookups.add(1, ordering: .sequentiallyConsistent)
        return names.withLock { $0[host] }.map { .success($0) } ?? .failure(NameLookupError("no such name"))
    }
}

private let loops = EpollEventLoopGroup(count: 2, name: "test")

/// Waits until something is so, for ten seconds at most.
private func eventually(_ isTrue: () async -> Bool) async -> Bool {
    for _ in 0..<1000 {
        if await isTrue() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return await isTrue()
}

@Suite("The topology of an upstream", .serialized)
struct UpstreamTopologyTests {
    private func topology(
        _ servers: [String], _ names: TestNames = TestNames([:]),
        _ change: (inout UpstreamConfiguration) -> Void = { _ in }
    ) async throws -> UpstreamTopology {
        let topology = UpstreamTopology(
            name: "web", configuration: configuration(servers, change), tls: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, eventLoopGroup: loops,
            lookup: { names.lookup($0) })
        await topology.start()
        for loop in loops.makeIterator() {
            try await loop.submit { _ = topology.makeUpstream(on: loop, seed: 1) }.get()
        }
        return topology
    }

    private func configuration(
        _ servers: [String], _ change: (inout UpstreamConfiguration) -> Void = { _ in }
    ) -> UpstreamConfiguration {
        var configuration = UpstreamConfiguration()
        for server in servers { configuration.servers[server] = UpstreamServerConfiguration(text: server) }
        configuration.resolveInterval = .milliseconds(20)
        configuration.health.interval = .milliseconds(20)
        change(&configuration)
        return configuration
    }

    private func addresses(_ topology: UpstreamTopology) async -> [String] {
        await topology.snapshot()?.endpoints.map(\.address) ?? []
    }

    // MARK: Names

    @Test func `has an endpoint for each address of each name, and follows them`() async throws {
        let names = TestNames(["web": ["10.0.0.2", "10.0.0.1"], "other": ["10.0.1.1"]])
        let topology = try await topology(["web:80", "other:81", "10.0.2.1:82"], names)
        #expect(await addresses(topology) == ["10.0.0.1:80", "10.0.0.2:80", "10.0.1.1:81", "10.0.2.1:82"])
        names.set("web", ["10.0.0.3", "10.0.0.1"])
        #expect(
            await eventually {
                await addresses(topology) == ["10.0.0.1:80", "10.0.0.3:80", "10.0.1.1:81", "10.0.2.1:82"]
            })
        // A name that is lost leads where it led.
        names.set("web", nil)
        let before = names.lookupCount
        #expect(await eventually { names.lookupCount > before + 4 })
        #expect(await addresses(topology).count == 4)
        topology.end()
    }

    @Test func `begins without a name that leads nowhere, and takes it when it does`() async throws {
        let names = TestNames([:])
        let topology = try await topology(["web:80"], names)
        #expect(await addresses(topology) == [])
        names.set("web", ["10.0.0.1"])
        #expect(await eventually { await addresses(topology) == ["10.0.0.1:80"] })
        topology.end()
    }

    @Test(
        "takes the addresses of the family that is wanted",
        arguments: [
            (AddressFamily.preferIPv4, ["10.0.0.1:80"], ["[2001:db8::2]:80"]),
            (.preferIPv6, ["[2001:db8::1]:80"], ["[2001:db8::2]:80"]),
            (.all, ["10.0.0.1:80", "[2001:db8::1]:80"], ["[2001:db8::2]:80"]),
        ])
    func families(family: AddressFamily, both: [String], one: [String]) {
        let wanted = configuration(["both:80", "six:80"]) { $0.addresses = family }
        let endpoints = wanted.endpoints { host in
            host == "both" ? ["10.0.0.1", "2001:db8::1"] : ["2001:db8::2"]
        }
        #expect(endpoints.map { $0.identity.address.text } == both + one)
    }

    @Test func `looks up only once without an interval, and never what is an address`() async throws {
        let names = TestNames(["web": ["10.0.0.1"]])
        let topology = try await topology(["web:80", "10.0.0.2:80", "/run/web.sock"], names) {
            $0.resolveInterval = .zero
        }
        try await Task.sleep(for: .milliseconds(100))
        #expect(names.lookupCount == 1)
        #expect(await addresses(topology) == ["10.0.0.1:80", "10.0.0.2:80", "/run/web.sock"])
        topology.end()
    }

    // MARK: Changes

    @Test func `looks new names up before it takes a changed configuration`() async throws {
        let names = TestNames(["new": ["10.0.0.9"]])
        let topology = try await topology(["10.0.0.1:80"], names)
        await topology.apply(configuration(["new:80 weight=5"]) { $0.resolveInterval = .zero }, tls: nil)
        let snapshot = try #require(await topology.snapshot())
        #expect(snapshot.endpoints.map(\.address) == ["10.0.0.9:80"])
        #expect(snapshot.endpoints.map(\.weight) == [5])
        #expect(snapshot.endpoints.map(\.loops) == [2])
        topology.end()
        await topology.apply(configuration(["10.0.0.1:80"]), tls: nil)
        #expect(await addresses(topology) == ["10.0.0.9:80"])
    }

    @Test func `a configuration that comes while the start looks names up has its own servers`() async throws {
        let (began, goesOn) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
        let topology = UpstreamTopology(
            name: "web", configuration: configuration(["old:80"]) { $0.resolveInterval = .zero }, tls: nil,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, eventLoopGroup: loops
        ) { host in
            guard host == "old" else { return .success(["10.0.0.2"]) }
            began.continuation.finish()
            for await _ in goesOn.stream {}
            return .success(["10.0.0.1"])
        }
        async let started: Void = topology.start()
        for await _ in began.stream {}
        await topology.apply(configuration(["new:80"]) { $0.resolveInterval = .zero }, tls: nil)
        goesOn.continuation.finish()
        await started
        let loop = loops.next()
        try await loop.submit { _ = topology.makeUpstream(on: loop, seed: 1) }.get()
        #expect(await addresses(topology) == ["10.0.0.2:80"])
        topology.end()
    }

    // MARK: Health

    private func isHealthy(_ topology: UpstreamTopology) async -> [Bool] {
        await topology.snapshot()?.endpoints.map(\.isHealthy) ?? []
    }

    @Test func `asks servers whether they are well, on all loops' behalf`() async throws {
        let status = Atomic(500)
        let asked = Mutex<[String]>([])
        let server = try ScriptedServer { connection in
            try connection.serve { line in
                asked.withLock { $0.append(line) }
                let code = status.load(ordering: .sequentiallyConsistent)
                return "HTTP/1.1 \(code) Said\r\nContent-Length: 0\r\n\r\n"
            }
        }
        let topology = try await topology(["127.0.0.1:\(server.port)"]) { $0.health.path = "/healthz" }
        #expect(await eventually { await isHealthy(topology) == [false] })
        status.store(302, ordering: .sequentiallyConsistent)
        #expect(await eventually { await isHealthy(topology) == [true] })
        status.store(404, ordering: .sequentiallyConsistent)
        #expect(await eventually { await isHealthy(topology) == [false] })
        #expect(asked.withLock { Set($0) } == ["GET /healthz HTTP/1.1"])
        // A loop that comes later knows it, too.
        let loop = loops.next()
        let later = try await loop.submit { topology.makeUpstream(on: loop).endpoints.map(\.isHealthy) }.get()
        #expect(later == [false])

        await topology.apply(configuration(["127.0.0.1:\(server.port)"]), tls: nil)
        #expect(await eventually { await isHealthy(topology) == [true] })
        topology.end()
    }

    @Test func `holds a server for ill that says another status than it should, or nothing in time`() async throws {
        let wrong = try ScriptedServer { try $0.serve { _ in "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" } }
        let silent = try ScriptedServer { connection in _ = connection.readToEnd() }
        let topology = try await topology(["127.0.0.1:\(wrong.port)", "127.0.0.1:\(silent.port)"]) {
            $0.health.path = "/"
            $0.health.status = 204
            $0.health.timeout = .milliseconds(50)
        }
        #expect(await eventually { await isHealthy(topology) == [false, false] })
        topology.end()
    }

    @Test("says by the PROXY protocol that it asks for itself", arguments: [ProxyProtocolVersion.v1, .v2])
    func proxyProtocol(version: ProxyProtocolVersion) async throws {
        let wanted: [UInt8] =
            version == .v1
            ? Array("PROXY UNKNOWN\r\n".utf8)
            : [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x20, 0x00, 0x00, 0x00]
        let began = Mutex<[UInt8]>([])
        let server = try ScriptedServer { connection in
            let opening = try connection.read(count: wanted.count)
            began.withLock { $0 = Array(opening.utf8) }
            try connection.serve { _ in "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" }
        }
        let topology = try await topology(["127.0.0.1:\(server.port)"]) {
            $0.health.path = "/"
            $0.proxyProtocol = version
        }
        #expect(await eventually { server.connectionCount > 1 })
        #expect(began.withLock { $0 } == wanted)
        #expect(await isHealthy(topology) == [true])
        topology.end()
    }

    @Test func `holds a server for well that takes connections, if that is all that is asked`() async throws {
        let server = try ScriptedServer { connection in _ = connection.readToEnd() }
        let closed = try FreePort.next()
        let topology = try await topology(["127.0.0.1:\(server.port)", "127.0.0.1:\(closed)"]) {
            $0.health.connect = true
        }
        #expect(await eventually { await isHealthy(topology) == [true, false] })
        topology.end()
    }
}
