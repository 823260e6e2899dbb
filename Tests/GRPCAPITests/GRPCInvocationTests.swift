// SPDX-License-Identifier: Apache-2.0

import AppInvocation
import BuildingBlocks
import Core
import NIOCore
import NIOHPACK
import Proxying
import TestKit
import Testing
import WireGRPC

@testable import GRPCAPI

/// Calls through two sidecars in one process, and what becomes of those that no app takes.
@Suite(.timeLimit(.minutes(1))) struct GRPCInvocationTests {
    @Test func `a call reaches the app with what the sidecars say of it, and nothing that a client says for them`()
        async throws
    {
        let app = try await FakeGRPCApp()
        let peer = try await FakeGRPCPeer(app.channel(token: "of-the-app"))
        let port = try await GRPCPort([peer.peer()])
        let answer = try await port.call([
            "dapr-app-id": "orders", "dapr-api-token": "guess", "dapr-caller-app-id": "admin",
            "outrigger-secret": "guess", "x-mine-bin": "AA==", "grpc-timeout": "9S",
        ])
        #expect(answer.ending("grpc-status") == "0")
        let seen = try #require(app.calls.first)
        #expect(seen["dapr-caller-app-id"] == ["cart"] && seen["dapr-callee-app-id"] == ["orders"])
        #expect(seen["dapr-caller-namespace"] == ["default"] && seen["dapr-api-token"] == ["of-the-app"])
        #expect(seen["x-mine-bin"] == ["AA=="] && seen["grpc-timeout"] == ["9S"] && seen["te"] == ["trailers"])
        #expect(seen[":authority"] == ["\(app.address)"] && seen[":path"] == ["/test.App/echo"])
        #expect(!seen.contains(name: "dapr-app-id") && !seen.contains(name: "outrigger-secret"))
    }

    @Test func `what the callee's access control doesn't allow ends with PERMISSION_DENIED, and no app sees it`()
        async throws
    {
        let app = try await FakeGRPCApp()
        let caller = AccessControl.Caller(appID: "cart", namespace: "default")
        for (name, code) in [("/test.App/*", "0"), ("/other.App/echo", "7")] {
            let operation = AccessControl.Operation(
                pattern: try #require(OperationPattern(name)), verbs: ["POST"], action: .allow)
            let control = AccessControl(
                defaultAction: .deny,
                policies: [AccessControl.Policy(caller: caller, defaultAction: nil, operations: [operation])])
            let peer = try await FakeGRPCPeer(app.channel(), accessControl: control)
            let answer = try await GRPCPort([peer.peer()]).call()
            #expect(answer.ending("grpc-status") == code)
            if code == "7" {
                #expect(answer.ending("grpc-message")?.contains("access control policy has denied access") == true)
            }
        }
        #expect(app.calls.count == 1)
    }

    @Test func `an app can't speak for a sidecar`() async throws {
        let app = try await FakeGRPCApp(answering: [
            ":status": "200", "content-type": "application/grpc", "grpc-status": "5", "outrigger-refusal": "no",
        ])
        let peer = try await FakeGRPCPeer(app.channel())
        let answer = try await GRPCPort([peer.peer()]).call()
        #expect(answer.ending("grpc-status") == "5" && answer.ending("outrigger-refusal") == nil)
        #expect(app.calls.count == 1)
    }

    @Test func `an instance that is gone, draining or of another secret is passed over, with the whole request`()
        async throws
    {
        let app = try await FakeGRPCApp()
        let peer = try await FakeGRPCPeer(app.channel())
        let draining = try await FakeGRPCPeer(app.channel())
        draining.isDraining.set()
        let gone = SidecarPeer(
            id: "gone", address: ListenAddress(host: "127.0.0.1", port: try FreePort.next()), secret: "x")
        let stranger = try await FakeGRPCPeer(app.channel(), secret: "another")
        for refusing in [gone, draining.peer(), stranger.peer()] {
            let port = try await GRPCPort([refusing, peer.peer()])
            for _ in 0..<2 {
                let answer = try await port.call(body: [ByteBuffer(repeating: 1, count: 100)])
                #expect(answer.ending("grpc-status") == "0")
            }
        }
        #expect(app.calls.count == 6)
    }

    @Test func `what no app takes is UNAVAILABLE, with the sentence that HTTP has for it`() async throws {
        let draining = try await FakeGRPCPeer(nil)
        draining.isDraining.set()
        let answer = try await GRPCPort([draining.peer()]).call()
        #expect(answer.ending("grpc-status") == "14")
        #expect(
            answer.ending("grpc-message") == "failed to invoke, id: orders, err: the sidecar is shutting down")
        let nobody = try await GRPCPort([]).call(["dapr-app-id": "nobody.else"])
        #expect(
            nobody.ending("grpc-message")
                == "failed to invoke, id: nobody, err: no app with this id runs in the namespace else")
    }

    @Test func `an app that doesn't speak gRPC is UNIMPLEMENTED`() async throws {
        let peer = try await FakeGRPCPeer(nil)
        let port = try await GRPCPort([peer.peer()])
        for name in ["orders", "cart"] {
            let answer = try await port.call(["dapr-app-id": name])
            #expect(answer.ending("grpc-status") == "12")
            #expect(answer.ending("grpc-message")?.hasSuffix("say --app-protocol grpc") == true)
        }
    }

    @Test func `an app that is gone is UNAVAILABLE, also beside the sidecar itself`() async throws {
        let app = try await FakeGRPCApp()
        let channel = app.channel()
        await app.stop()
        let peer = try await FakeGRPCPeer(channel)
        let port = try await GRPCPort([peer.peer()], app: channel)
        for name in ["orders", "cart"] {
            let answer = try await port.call(["dapr-app-id": name])
            #expect(answer.ending("grpc-status") == "14")
            #expect(answer.ending("grpc-message")?.contains("can't connect to") == true)
        }
    }

    @Test(
        "a call that names no app, or not one, is refused",
        arguments: [
            ([:], "12"), (["dapr-app-id": ""], "12"), (["dapr-app-id": "http://127.0.0.1:1"], "3"),
        ] as [(HPACKHeaders, String)])
    func refused(fields: HPACKHeaders, status: String) async throws {
        let port = try await GRPCPort([])
        #expect(try await port.call(fields).ending("grpc-status") == status)
        var twice: HPACKHeaders = ["dapr-app-id": "a"]
        twice.add(name: "dapr-app-id", value: "b")
        #expect(try await port.call(twice).ending("grpc-status") == "12")
    }

    @Test func `the token is asked for, the building blocks are not there, and what isn't gRPC is refused`()
        async throws
    {
        let port = try await GRPCPort([], token: "token")
        #expect(try await port.call().ending("grpc-status") == "16")
        let own = try await port.client.call("/dapr.proto.runtime.v1.Dapr/GetState", ["dapr-api-token": "token"])
        #expect(own.ending("grpc-status") == "12")
        let client = try await HTTP2Client(port: port.listener.address.port)
        var fields: HPACKHeaders = ["dapr-app-id": "orders"]
        fields.add(name: "content-type", value: "text/plain")
        #expect(try await client.call("/a/b", fields).status != nil)
    }

    @Test func `calls beyond the app's concurrency wait for their turn`() async throws {
        let app = try await FakeGRPCApp()
        let port = try await GRPCPort([], app: app.channel(concurrency: 1))
        let ended = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<20 {
                group.addTask { try await port.call(["dapr-app-id": "cart"]).ending("grpc-status") }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(ended == Array(repeating: "0", count: 20))
    }
}
