// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import NIOCore
import Proxying
import Synchronization
import TestKit
import Testing
import WireHTTP

@testable import HTTPAPI

/// Invocation through the API, and through the internal listener of a callee's sidecar.
@Suite(.timeLimit(.minutes(1))) struct InvocationTests {
    private static func invoker(
        app: FakeAppChannel = FakeAppChannel(), _ resolver: FakeResolver = FakeResolver { _, _, _ in [] }
    ) -> Invoker {
        Invoker(
            appID: "cart", namespace: "default", app: app, resolver: resolver,
            eventLoopGroup: EpollEventLoopGroup.singleton)
    }

    /// Runs `body` with the API of the app `cart` beside one instance of the app `orders`.
    private static func run(
        _ orders: FakeAppChannel, _ change: (inout APIConfiguration) -> Void = { _ in },
        _ body: (HTTPClient, FakePeer) async throws -> Void
    ) async throws {
        let peer = try await FakePeer(orders)
        let resolver = FakeResolver { id, namespace, _ in
            id == "orders" && namespace == "default" ? [peer.peer()] : []
        }
        try await APIServer.run(invoker: invoker(resolver), change) { server async throws in
            try await body(server.client, peer)
        }
        await peer.listener.stop()
    }

    private static let path = "/v1.0/invoke/orders/method"

    // MARK: - What passes through

    @Test(arguments: [("GET", 200), ("POST", 201), ("PUT", 202), ("DELETE", 409), ("PATCH", 502), ("OPTIONS", 418)])
    func `method, path, query, body, status and fields pass through`(method: String, status: Int) async throws {
        let orders = FakeAppChannel { request async throws(AppChannelError) in
            .answer(status, "said \(request.head.method.name)", fields: ["x-answer": "a", "content-type": "text/x"])
        }
        try await Self.run(orders) { client, _ in
            let body = method == "GET" ? nil : "body"
            let answer = try await client.send(
                method, "\(Self.path)/a/b%20c?d=e&f", headers: [("X-Ask", "q"), ("Content-Type", "text/y")], body: body)
            #expect(answer.status == status)
            #expect(answer.text == "said \(method)")
            #expect(answer["x-answer"] == "a" && answer["content-type"] == "text/x")
            let seen = try #require(orders.seen.first)
            #expect(seen.head.method.name == method && seen.head.target == "/a/b%20c?d=e&f")
            #expect(seen.head.fields["x-ask"] == "q" && seen.head.fields["content-type"] == "text/y")
            #expect(try await seen.body.collect(upTo: 10) == ByteBuffer(string: body ?? ""))
        }
    }

    @Test func `a HEAD is answered with the length of the body that isn't there`() async throws {
        let orders = FakeAppChannel { _ async throws(AppChannelError) in
            .answer(200, "", fields: ["content-length": "500"])
        }
        try await Self.run(orders) { client, _ in
            let answer = try await client.send("HEAD", "\(Self.path)/a")
            #expect(answer.status == 200 && answer["content-length"] == "500")
            #expect(answer.headers.filter { $0.name.lowercased() == "content-length" }.count == 1)
        }
    }

    @Test func `who calls is said by the sidecar alone, and what is the connection's ends there`() async throws {
        let orders = FakeAppChannel { _ async throws(AppChannelError) in
            .answer(
                200, "ok",
                fields: [
                    "connection": "x-hop", "x-hop": "1", "keep-alive": "timeout=5", "outrigger-secret": "x",
                    "proxy-authenticate": "Basic", "x-end": "1", "date": "never", "trailer": "x",
                ])
        }
        try await Self.run(orders) { client, _ in
            let answer = try await client.send(
                "GET", "/a",
                headers: [
                    ("dapr-app-id", "orders"), ("Dapr-Caller-App-Id", "admin"), ("dapr-caller-namespace", "root"),
                    ("dapr-callee-app-id", "x"), ("Outrigger-Secret", "guess"), ("outrigger-refusal", "x"),
                    ("Connection", "keep-alive, X-Named"), ("X-Named", "1"), ("Keep-Alive", "1"), ("TE", "trailers"),
                    ("Upgrade", "websocket"), ("Proxy-Authorization", "Basic x"), ("X-End", "1"), ("Cookie", "a=b"),
                ])
            let fields = try #require(orders.seen.first).head.fields
            #expect(
                (0..<fields.count).map { fields.name(at: $0).lowercased() }.sorted() == [
                    "cookie", "dapr-callee-app-id", "dapr-caller-app-id", "dapr-caller-namespace", "x-end",
                ])
            #expect(fields["dapr-caller-app-id"] == "cart" && fields["dapr-caller-namespace"] == "default")
            #expect(fields["dapr-callee-app-id"] == "orders")
            #expect(
                Set(answer.headers.map { $0.name.lowercased() })
                    == ["x-end", "date", "content-length", "outrigger-secret"])
            #expect(answer["date"] != "never")
        }
    }

    @Test func `redirects and many requests at once pass through`() async throws {
        let orders = FakeAppChannel { request async throws(AppChannelError) in
            .answer(307, request.head.target, fields: ["location": "/elsewhere"])
        }
        try await Self.run(orders) { client, _ in
            try await withThrowingTaskGroup { group in
                for number in 0..<100 {
                    group.addTask {
                        let answer = try await client.send("POST", "\(Self.path)/echo/\(number)", body: "\(number)")
                        return answer.status == 307 && answer.text == "/echo/\(number)"
                            && answer["location"] == "/elsewhere"
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    // MARK: - Who can't be invoked

    @Test func `an app that nobody knows is 500 with Dapr's error`() async throws {
        try await APIServer.run(invoker: Self.invoker()) { server async throws in
            let answer = try await server.client.send("GET", "/v1.0/invoke/nobody/method/a")
            #expect(answer.status == 500)
            #expect(
                answer.text == #"{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: nobody, "#
                    + #"err: no app with this id runs in the namespace default"}"#)
        }
    }

    @Test func `a registry that can't be read is 500 with its reason`() async throws {
        let resolver = FakeResolver { _, _, _ in throw FakeResolver.Broken() }
        try await APIServer.run(invoker: Self.invoker(resolver)) { server async throws in
            let answer = try await server.client.send("GET", "/v1.0/invoke/orders/method/a")
            #expect(answer.status == 500 && answer.text.contains("the registry is broken"))
        }
    }

    @Test(arguments: ["/v1.0/invoke/orders", "/v1.0/invoke/orders/method", "/v1.0/invoke/orders/method/", "/nothing"])
    func `no method and no app is 404`(path: String) async throws {
        try await APIServer.run(invoker: Self.invoker()) { server async throws in
            let answer = try await server.client.send("GET", path)
            #expect(answer.status == 404 && answer.text.contains(#""errorCode":"ERR_DIRECT_INVOKE""#))
        }
    }

    @Test func `an escape that isn't one is 400, and a URL that can't be called 500`() async throws {
        try await APIServer.run(invoker: Self.invoker()) { server async throws in
            #expect(try await server.client.send("GET", "/v1.0/invoke/orders/method/%zz").status == 400)
            let fields = [("dapr-app-id", "orders")]
            #expect(try await server.client.send("GET", "/%zz", headers: fields).status == 400)
            let answer = try await server.client.send("GET", "/v1.0/invoke/ftp%3A%2F%2Fx/method/a")
            #expect(answer.status == 500 && answer.text.contains("ftp:// is no scheme that can be called"))
        }
    }

    @Test func `the API's token is needed in every form, and goes no further`() async throws {
        let orders = FakeAppChannel()
        try await Self.run(orders, { $0.token = "token" }) { client, _ in
            #expect(try await client.send("GET", "\(Self.path)/a").status == 401)
            #expect(try await client.send("GET", "/a", headers: [("dapr-app-id", "orders")]).status == 401)
            let basic = ("Authorization", "Basic ZGFwci1hcHAtaWQ6b3JkZXJz")
            #expect(try await client.send("GET", "/a", headers: [basic]).status == 401)
            #expect(orders.seen.isEmpty)
            #expect(try await client.send("GET", "/a", headers: [basic, ("dapr-api-token", "token")]).status == 200)
            let fields = try #require(orders.seen.first).head.fields
            #expect(!fields.contains("dapr-api-token") && !fields.contains("authorization"))
        }
    }

    @Test func `the public listener invokes nobody`() async throws {
        let orders = FakeAppChannel()
        let peer = try await FakePeer(orders)
        let resolver = FakeResolver { _, _, _ in [peer.peer()] }
        try await APIServer.run(invoker: Self.invoker(resolver)) { server async throws in
            #expect(try await server.publicClient.send("GET", "\(Self.path)/a").status == 404)
            #expect(
                try await server.publicClient.send("GET", "/a", headers: [("dapr-app-id", "orders")]).status == 404)
        }
        #expect(orders.seen.isEmpty)
        await peer.listener.stop()
    }

    // MARK: - The own app, and servers without a sidecar

    @Test(arguments: ["cart", "cart.default"])
    func `an app that invokes itself is called at once`(name: String) async throws {
        let app = FakeAppChannel()
        let resolver = FakeResolver { _, _, _ in [] }
        try await APIServer.run(invoker: Self.invoker(app: app, resolver)) { server async throws in
            #expect(try await server.client.send("GET", "/v1.0/invoke/\(name)/method/a").text == "ok")
            let fields = try #require(app.seen.first).head.fields
            #expect(fields["dapr-caller-app-id"] == "cart" && fields["dapr-callee-app-id"] == "cart")
            #expect(resolver.lookups.isEmpty)
            #expect(try await server.client.send("GET", "/v1.0/invoke/cart.other/method/a").status == 500)
            #expect(app.seen.count == 1 && !resolver.lookups.isEmpty)
        }
    }

    @Test(arguments: [
        (AppChannelError.unhealthy, "app is not in a healthy state"), (.noPort, "the app has no port"),
        (.overloaded(limit: 3), "more than 3 calls wait for the app"), (.failed(.closed), "closed before a response"),
    ])
    func `an app that isn't reached is 500 with the reason, from its own sidecar and from another`(
        error: AppChannelError, reason: String
    ) async throws {
        let app = FakeAppChannel { _ async throws(AppChannelError) in throw error }
        try await APIServer.run(invoker: Self.invoker(app: app)) { server async throws in
            let answer = try await server.client.send("GET", "/v1.0/invoke/cart/method/a")
            #expect(answer.status == 500 && answer.text.contains("ERR_DIRECT_INVOKE") && answer.text.contains(reason))
        }
        try await Self.run(app) { client, _ in
            let answer = try await client.send("GET", "\(Self.path)/a")
            #expect(answer.status == 500 && answer.text.contains("id: orders") && answer.text.contains(reason))
        }
    }

    @Test func `a server without a sidecar is called by its URL, and isn't told who calls`() async throws {
        let server = try ScriptedServer { connection in
            while true {
                let lines = try connection.readHead().joined(separator: "|")
                try connection.write("HTTP/1.1 203 X\r\nContent-Length: \(lines.utf8.count)\r\n\r\n\(lines)")
            }
        }
        try await APIServer.run(invoker: Self.invoker()) { api async throws in
            let answer = try await api.client.send(
                "GET", "/v1.0/invoke/http://127.0.0.1:\(server.port)/method/a/b?c",
                headers: [("dapr-caller-app-id", "x")])
            #expect(answer.status == 203)
            #expect(answer.text == "GET /a/b?c HTTP/1.1|host: 127.0.0.1:\(server.port)")
            let port = try FreePort.next()
            let nobody = try await api.client.send("GET", "/v1.0/invoke/http://127.0.0.1:\(port)/method/a")
            #expect(nobody.status == 500 && nobody.text.contains("Connection refused"))
        }
        server.stop()
    }
}
