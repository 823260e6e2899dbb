// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import Proxying
import TestKit
import Testing
import WireHTTP

@testable import AppInvocation
@testable import HTTPAPI

/// Who may call what.
@Suite(.timeLimit(.minutes(1))) struct AccessControlTests {
    private static let cart = AccessControl.Caller(appID: "cart", namespace: "default")

    private static func operation(
        _ name: String, _ action: AccessControl.Action, _ verbs: [String] = ["*"]
    ) throws -> AccessControl.Operation {
        AccessControl.Operation(pattern: try #require(OperationPattern(name)), verbs: verbs, action: action)
    }

    /// Whether `cart` may, by these rules; what they don't say is denied.
    private static func mayCall(_ target: String, _ rules: [(String, AccessControl.Action)]) throws -> Bool {
        let policy = AccessControl.Policy(
            caller: cart, defaultAction: .deny, operations: try rules.map { try operation($0.0, $0.1) })
        let control = AccessControl(defaultAction: .deny, policies: [policy])
        return control.action(for: cart, .get, target: target) == .allow
    }

    // MARK: - Paths

    @Test(
        arguments: [
            // A name means what is below it, and nothing beside it.
            ("/orders", "/orders", true), ("/orders", "/orders/7", true), ("/orders", "/orders/7/items", true),
            ("/orders", "/ordersx", false), ("/orders", "/", false), ("orders", "/orders", true),
            ("/orders/", "/orders", true), ("/orders", "/orders/", true), ("/orders", "/orders?a=/x", true),
            // One segment or none.
            ("/orders/*", "/orders", true), ("/orders/*", "/orders/7", true), ("/orders/*", "/orders/7/items", false),
            ("/*", "/orders", true), ("/*", "/orders/7", false),
            // Any number.
            ("/orders/**", "/orders", true), ("/orders/**", "/orders/7/items", true), ("/**", "/", true),
            ("/**", "/a/b/c", true), ("/orders/**", "/other/7", false),
            // Stars within.
            ("/ord*", "/orders", true), ("/ord*", "/orders/7", true), ("/*ers", "/orders", true),
            ("/o*d*s", "/orders", true), ("/o*x*s", "/orders", false), ("/ord*", "/or", false),
            ("/*/items", "/7/items", true), ("/*/items", "/7/8/items", false), ("/a*", "/a", true),
            ("/", "/", true), ("/", "/orders", false),
            // Letters of both sizes, and escapes, are the same.
            ("/Orders", "/oRDERS", true), ("/orders", "/%6frders", true), ("/caf\u{e9}", "/caf%C3%A9", true),
            ("/orders", "//orders//7", true),
        ])
    func `a rule matches by segments`(name: String, target: String, isMatch: Bool) throws {
        #expect(try Self.mayCall(target, [(name, .allow)]) == isMatch)
    }

    @Test(
        arguments: [
            "/public/../admin", "/public/%2e%2e/admin", "/public%2f..%2fadmin", "/public/..%2Fadmin",
            "/public/.%2E/admin", "/%2e/admin", "/public/x/../../admin", "/public/..;/admin", "/public/..;a=b/admin",
            "/public/%2e%2e;/admin", "/public\\..\\admin", "/public%5c..%5cadmin", "/public%23/../admin",
            "/public%3f/../admin", "/public%00/../admin", "/public%25%2f..%2fadmin", "/public/%c0%ae%c0%ae/admin",
            "/public/%zz/../admin", "admin", "*", "http://host/admin", "", "/admin", "/admin/", "/admin;x", "/ADMIN",
            "/%61dmin", "/admin%2f", "//admin", "/./admin",
        ])
    func `no way of writing a path leads to what is denied`(target: String) throws {
        #expect(try !Self.mayCall(target, [("/public", .allow)]), "by a rule that allows something else")
        #expect(try !Self.mayCall(target, [("/**", .allow), ("/admin", .deny)]), "by a rule that denies it")
    }

    @Test(arguments: ["/public", "/public/a", "/admin%2F..%2Fpublic", "/..%2fpublic", "/public;a=b"])
    func `encoded dots that lead to what is allowed are taken`(target: String) throws {
        #expect(try Self.mayCall(target, [("/public", .allow)]))
    }

    @Test(
        arguments: [
            ("/orders/admin", [("/orders", true), ("/orders/admin", false)], false),
            ("/orders/admin", [("/orders/admin", false), ("/orders", true)], false),
            ("/orders", [("/orders/*", false), ("/orders", true)], true),
            ("/orders/7", [("/orders", true), ("/orders/*", false)], false),
            ("/orders/7/x", [("/orders", true), ("/orders/**", false)], false),
            ("/orders/7", [("/orders/**", true), ("/orders/*", false)], false),
            ("/orders/7", [("/**", false), ("/ord*", true)], true),
            ("/orders/7", [("/ord*", true), ("/orders", false)], false),
            ("/orders/7", [("/*/7", false), ("/orders/*", true)], true),
            // Of equals the first.
            ("/orders", [("/ord*", true), ("/o*", false)], true),
            ("/orders", [("/o*", false), ("/ord*", true)], false),
        ] as [(String, [(String, Bool)], Bool)])
    func `the most specific rule counts, wherever it stands`(
        target: String, rules: [(String, Bool)], isAllowed: Bool
    ) throws {
        #expect(try Self.mayCall(target, rules.map { ($0.0, $0.1 ? .allow : .deny) }) == isAllowed)
    }

    @Test func `a pattern of many stars takes no time`() throws {
        let name = "/" + String(repeating: "a*", count: 500) + "b"
        let target = "/" + String(repeating: "a", count: 8000)
        #expect(try !Self.mayCall(target, [(name, .allow)]))
    }

    @Test(arguments: ["/a/**/b", "/**/b", "/" + Array(repeating: "a", count: 65).joined(separator: "/")])
    func `a name that can't mean anything is none`(name: String) {
        #expect(OperationPattern(name) == nil)
    }

    // MARK: - Verbs and callers

    @Test func `a verb that the rule doesn't name is left to the policy`() throws {
        for (policyDefault, expected) in [(AccessControl.Action?.none, false), (.allow, true), (.deny, false)] {
            let policy = AccessControl.Policy(
                caller: Self.cart, defaultAction: policyDefault,
                operations: [
                    try Self.operation("/a", .allow, ["GET", "PUT"]), try Self.operation("/b", .deny, ["POST"]),
                    try Self.operation("/c", .allow, []),
                ])
            let control = AccessControl(defaultAction: .deny, policies: [policy])
            let may = { (method: HTTPMethod, target: String) in
                control.action(for: Self.cart, method, target: target) == .allow
            }
            #expect(may(.get, "/a") && may(.put, "/a"))
            #expect(may(.post, "/a") == expected && may(.get, "/b") == expected && may(.get, "/c") == expected)
            #expect(!may(.post, "/b"))
        }
    }

    @Test func `a policy is of one app, in its namespace and trust domain`() throws {
        let policy = AccessControl.Policy(caller: Self.cart, defaultAction: .allow)
        let control = AccessControl(defaultAction: .deny, policies: [policy])
        #expect(control.action(for: Self.cart, .get, target: "/a") == .allow)
        for other in [
            AccessControl.Caller(appID: "Cart", namespace: "default"), .init(appID: "cart", namespace: "other"),
            .init(appID: "cart", namespace: "default", trustDomain: "other"),
        ] {
            #expect(control.action(for: other, .get, target: "/a") == .deny)
        }
        #expect(control.action(for: nil, .get, target: "/a") == .deny)
        let open = AccessControl(defaultAction: .allow, policies: [.init(caller: Self.cart, defaultAction: .deny)])
        #expect(open.action(for: nil, .get, target: "/a") == .allow)
        #expect(open.action(for: Self.cart, .get, target: "/a") == .deny)
    }

    // MARK: - Through the sidecars

    private static func invoke(
        _ peer: FakePeer, _ path: String, trustDomain: String = "public", headers: [(String, String)] = []
    ) async throws -> HTTPAnswer {
        let invoker = Invoker(
            appID: "cart", namespace: "default", trustDomain: trustDomain, app: FakeAppChannel(),
            resolver: FakeResolver { _, _, _ in [peer.peer()] }, eventLoopGroup: EpollEventLoopGroup.singleton)
        var answer: HTTPAnswer?
        try await APIServer.run(invoker: invoker) { server async throws in
            answer = try await server.client.send("GET", "/v1.0/invoke/orders/method\(path)", headers: headers)
        }
        return try #require(answer)
    }

    @Test func `what is denied is 403 in Dapr's words, and no app sees it`() async throws {
        let policy = AccessControl.Policy(
            caller: Self.cart, defaultAction: .deny, operations: [try Self.operation("/public", .allow)])
        let peer = try await FakePeer(accessControl: AccessControl(defaultAction: .deny, policies: [policy]))
        #expect(try await Self.invoke(peer, "/public/a").status == 200)
        for path in ["/admin", "/public/%2e%2e/admin", "/public%2F..%2Fadmin", "/public/..;/admin"] {
            let answer = try await Self.invoke(peer, path)
            #expect(answer.status == 403 && answer.text.contains(#""errorCode":"ERR_DIRECT_INVOKE""#))
            #expect(
                answer.text.contains(
                    "failed to invoke, id: orders, err: access control policy has denied access to id: "
                        + "spiffe://public/ns/default/cart operation: /"), "\(answer.text)")
        }
        #expect(peer.app.seen.count == 1)
        await peer.listener.stop()
    }

    @Test func `the caller's trust domain is said by its sidecar alone, and the app doesn't get it`() async throws {
        let caller = AccessControl.Caller(appID: "cart", namespace: "default", trustDomain: "shop")
        let policy = AccessControl.Policy(caller: caller, defaultAction: .allow)
        let peer = try await FakePeer(accessControl: AccessControl(defaultAction: .deny, policies: [policy]))
        #expect(try await Self.invoke(peer, "/a", trustDomain: "shop").status == 200)
        #expect(peer.app.seen.first?.head.fields.contains("outrigger-trust-domain") == false)
        let forged = [("outrigger-trust-domain", "shop"), ("dapr-caller-app-id", "admin")]
        #expect(try await Self.invoke(peer, "/a", headers: forged).status == 403)
        await peer.listener.stop()
    }
}
