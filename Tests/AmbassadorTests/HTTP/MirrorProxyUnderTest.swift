// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Proxying
import Synchronization
import TestKit

@testable import Ambassador

/// A server that answers each request with what a test makes of its head and body, on connections that stay.
final class AnsweringServer: Sendable {
    private let server: ScriptedServer
    private let heads: RequestHeads

    init(_ answer: @escaping @Sendable (_ request: [String], _ body: String) throws -> String) throws {
        let heads = RequestHeads()
        self.heads = heads
        server = try ScriptedServer { connection in
            while true {
                let head = try connection.readHead()
                let length = head.first { $0.lowercased().hasPrefix("content-length: ") }
                let body = try connection.read(count: length.flatMap { Int($0.dropFirst(16)) } ?? 0)
                heads.add(head, body)
                try connection.write(answer(head, body))
            }
        }
    }

    var port: Int { server.port }
    var connectionCount: Int { server.connectionCount }
    /// The lines of the heads that came.
    var requests: [[String]] { heads.all.map(\.head) }
    var bodies: [String] { heads.all.map(\.body) }

    func stop() { server.stop() }

    static func text(_ body: String, status: String = "200 OK", type: String = "text/plain") -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func json(_ body: String) -> String { text(body, type: "application/json") }
}

/// What a server was asked.
final class RequestHeads: Sendable {
    private let requests = Mutex<[(head: [String], body: String)]>([])

    func add(_ head: [String], _ body: String) { requests.withLock { $0.append((head, body)) } }

    var all: [(head: [String], body: String)] { requests.withLock { $0 } }
}

/// A proxy on a free port with one route, which tests give a mirror or faults.
final class RouteUnderTest {
    let proxy: HTTPProxy
    let port: Int
    let configuration: HTTPProxyConfiguration
    private let group: EpollEventLoopGroup

    /// - Parameters:
    ///   - servers: the port of each upstream's one server; the route goes to `v1`.
    ///   - change: what else is to be in the configuration, beside the route.
    init(
        servers: [String: Int], changing change: (inout HTTPProxyConfiguration) -> Void = { _ in },
        _ configure: (inout RouteConfiguration) -> Void
    ) async throws {
        var configuration = HTTPProxyConfiguration()
        configuration.listen = .network(ListenAddress(host: "127.0.0.1", port: 0))
        for (name, port) in servers {
            var upstream = UpstreamConfiguration()
            upstream.servers["one"] = UpstreamServerConfiguration(address: .network(host: "127.0.0.1", port: port))
            configuration.upstreams[name] = upstream
        }
        var route = RouteConfiguration()
        route.to = "v1"
        configure(&route)
        configuration.routes["all"] = route
        change(&configuration)
        self.configuration = configuration
        group = EpollEventLoopGroup(count: 1, name: "test")
        proxy = HTTPProxy(
            name: "web", configuration: configuration, group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        port = try await proxy.start()
    }

    var client: HTTPClient { HTTPClient(port: port) }

    /// What the mirror has done, once `isThere` says so.
    func mirror(_ isThere: (MirrorSnapshot) -> Bool) async throws -> MirrorSnapshot {
        for _ in 0..<500 {
            if let snapshot = await proxy.mirrors().first, isThere(snapshot) { return snapshot }
            try await Task.sleep(for: .milliseconds(10))
        }
        return await proxy.mirrors().first ?? MirrorSnapshot(route: "", upstream: "")
    }

    /// Copies that wait or are on their way.
    var heldCopies: Int {
        get async {
            await proxy.loops.ask { loop in loop.mirrors.reduce(0) { $0 + ($1?.heldCopies ?? 0) } }.reduce(0, +)
        }
    }

    func end() async throws {
        await proxy.drain(within: .seconds(1))
        await group.shutdownGracefully()
    }
}

extension HTTPProxy {
    /// Takes a configuration, and waits until every loop follows it.
    func applied(_ configuration: HTTPProxyConfiguration) async {
        apply(configuration, upstreamTLS: [:])
        await followed()
    }

    /// Waits until every loop follows what was changed last.
    func followed() async {
        await changes.withLock { $0 }?.value
        // Each loop does things in their order.
        _ = await loops.ask { _ in }
    }
}
