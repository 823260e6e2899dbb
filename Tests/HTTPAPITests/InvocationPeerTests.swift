// SPDX-License-Identifier: Apache-2.0

import AppInvocation
import BuildingBlocks
import Core
import NIOCore
import Proxying
import Synchronization
import TestKit
import Testing
import WireHTTP

@testable import HTTPAPI

/// Several instances, those that are gone, and what may be tried again.
@Suite(.timeLimit(.minutes(1))) struct InvocationPeerTests {
    private static func invoke(
        _ resolver: FakeResolver, body: HTTPBody = .bytes(ByteBuffer())
    ) async throws(InvocationError) -> (status: Int, refusal: String?) {
        let invoker = Invoker(
            appID: "cart", namespace: "default", app: FakeAppChannel(), resolver: resolver,
            eventLoopGroup: EpollEventLoopGroup.singleton)
        let request = HTTPRequest(HTTPRequestHead(.post, "/"), body: body)
        let response = try await invoker.invoke("orders", "/a", request)
        return (response.status.code, response.fields[InternalField.refusal])
    }

    private static func nobody() throws -> SidecarPeer {
        SidecarPeer(id: "gone", address: ListenAddress(host: "127.0.0.1", port: try FreePort.next()), secret: "x")
    }

    @Test func `instances take turns`() async throws {
        let peers = [try await FakePeer(), try await FakePeer(), try await FakePeer()]
        let invoker = Invoker(
            appID: "cart", namespace: "default", app: FakeAppChannel(),
            resolver: FakeResolver { _, _, _ in peers.map { $0.peer() } },
            eventLoopGroup: EpollEventLoopGroup.singleton)
        for _ in 0..<30 { _ = try await invoker.invoke("orders", "/a", HTTPRequest(HTTPRequestHead(.get, "/"))) }
        #expect(peers.map(\.app.seen.count) == [10, 10, 10])
        for peer in peers { await peer.listener.stop() }
    }

    @Test func `an instance that is gone is passed over, also by a body that streams`() async throws {
        let peer = try await FakePeer()
        let gone = try Self.nobody()
        for _ in 0..<4 {
            let stream = HTTPBodyStream { _ in }
            stream.finish(.success([:]))
            let resolver = FakeResolver { _, _, _ in [gone, peer.peer()] }
            #expect(try await Self.invoke(resolver, body: .stream(stream)).status == 200)
            #expect(resolver.lookups == [false])
        }
        await peer.listener.stop()
    }

    @Test func `an answer that was kept and turns out wrong is looked up anew at once`() async throws {
        let peer = try await FakePeer()
        let gone = try Self.nobody()
        let resolver = FakeResolver { _, _, isFresh in isFresh ? [peer.peer()] : [gone] }
        #expect(try await Self.invoke(resolver).status == 200)
        // Only a third look-up waits before.
        #expect(resolver.lookups == [false, true])
        await peer.listener.stop()
    }

    @Test func `instances that stay away are tried four times, and then it is said which`() async throws {
        let gone = try Self.nobody()
        let resolver = FakeResolver { _, _, _ in [gone] }
        let start = ContinuousClock.now
        let error = await #expect(throws: InvocationError.self) { try await Self.invoke(resolver) }
        #expect(error?.reason == "can't connect to \(gone.address): Connection refused")
        #expect(resolver.lookups == [false, true, true, true])
        #expect(ContinuousClock.now - start >= .seconds(2))
    }

    @Test func `whoever leaves isn't tried for any longer`() async throws {
        let gone = try Self.nobody()
        let resolver = FakeResolver { _, _, _ in [gone] }
        let task = Task { try await Self.invoke(resolver) }
        try await Task.sleep(for: .milliseconds(200))
        task.cancel()
        await #expect(throws: InvocationError.self) { try await task.value }
        #expect(resolver.lookups.count < 4)
    }

    @Test func `a sidecar that has started anew has another secret, which is looked up`() async throws {
        let peer = try await FakePeer(secret: "new")
        let resolver = FakeResolver { _, _, isFresh in [peer.peer(secret: isFresh ? "new" : "old")] }
        #expect(try await Self.invoke(resolver).status == 200)
        let wrong = FakeResolver { _, _, _ in [peer.peer(secret: "old")] }
        let error = await #expect(throws: InvocationError.self) { try await Self.invoke(wrong) }
        #expect(error?.reason == "this listener is for other sidecars, which know its secret")
        #expect(wrong.lookups == [false, true])
        await peer.listener.stop()
    }

    @Test(arguments: ["", "guess", "secret2", "secre"])
    func `whoever doesn't know the secret is 401, whatever else is said`(secret: String) async throws {
        let peer = try await FakePeer()
        let answer = try await HTTPClient(port: peer.address.port).send(
            "GET", "/a", headers: [("outrigger-secret", secret), ("dapr-caller-app-id", "admin")])
        #expect(answer.status == 401)
        #expect(peer.app.seen.isEmpty)
        await peer.listener.stop()
    }

    @Test func `a sidecar that is shutting down gives what is new to another instance`() async throws {
        let (leaving, staying) = (try await FakePeer(), try await FakePeer())
        leaving.health.beginDraining()
        for _ in 0..<4 {
            let resolver = FakeResolver { _, _, _ in [leaving.peer(), staying.peer()] }
            #expect(try await Self.invoke(resolver).status == 200)
        }
        #expect(leaving.app.seen.isEmpty && staying.app.seen.count == 4)
        let alone = FakeResolver { _, _, _ in [leaving.peer()] }
        let error = await #expect(throws: InvocationError.self) { try await Self.invoke(alone) }
        #expect(error?.reason == "the sidecar is shutting down")
        await leaving.listener.stop()
        await staying.listener.stop()
    }

    @Test(arguments: [(AppChannelError.unhealthy, 1), (.failed(.closed), 0), (.failed(.timedOut), 0)])
    func `only what no app can have seen goes to another instance`(error: AppChannelError, others: Int) async throws {
        let failing = try await FakePeer(FakeAppChannel { _ async throws(AppChannelError) in throw error })
        let well = try await FakePeer()
        let resolver = FakeResolver { _, _, _ in [failing.peer(), well.peer()] }
        if others == 1 {
            #expect(try await Self.invoke(resolver).status == 200)
        } else {
            await #expect(throws: InvocationError.self) { try await Self.invoke(resolver) }
        }
        #expect(failing.app.seen.count == 1 && well.app.seen.count == others)
        await failing.listener.stop()
        await well.listener.stop()
    }

    @Test func `a body that streams isn't sent twice once it was begun`() async throws {
        let failing = try await FakePeer(FakeAppChannel { _ async throws(AppChannelError) in throw .unhealthy })
        let well = try await FakePeer()
        let resolver = FakeResolver { _, _, _ in [failing.peer(), well.peer()] }
        let stream = HTTPBodyStream { _ in }
        _ = stream.push(ByteBuffer(string: "part"))
        let error = await #expect(throws: InvocationError.self) {
            try await Self.invoke(resolver, body: .stream(stream))
        }
        #expect(error?.reason == "app is not in a healthy state")
        #expect(well.app.seen.isEmpty)
        await failing.listener.stop()
        await well.listener.stop()
    }

    @Test func `an app can't pass its answer off as its sidecar's`() async throws {
        let app = FakeAppChannel { _ async throws(AppChannelError) in
            .answer(503, "x", fields: ["outrigger-refusal": "try another"])
        }
        let peer = try await FakePeer(app)
        let answer = try await Self.invoke(FakeResolver { _, _, _ in [peer.peer()] })
        #expect(answer == (503, nil))
        #expect(app.seen.count == 1)
        await peer.listener.stop()
    }
}
