// SPDX-License-Identifier: Apache-2.0

import AppInvocation
import BuildingBlocks
import Core
import Logging
import NIOCore
import NIOHPACK
import Proxying
import Synchronization
import TestKit
import WireHTTP

@testable import GRPCAPI

let loopback = ListenAddress(host: "127.0.0.1", port: 0)
let silence = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
let eventLoops = EpollEventLoopGroup.singleton

/// A listener on a free port that answers calls from a function.
struct CallListener: Sendable {
    let listener: HTTPListener
    let address: ListenAddress

    init(_ limits: HTTP2Limits = HTTP2Limits(), _ respond: @escaping HTTP2Service.Responder) async throws {
        listener = HTTPListener(
            address: loopback, eventLoopGroup: eventLoops, logger: silence,
            http2: HTTP2Service(limits: limits, respond: respond)
        ) { _ in HTTPResponse(.ok, body: ByteBuffer(string: "over HTTP/1.1")) }
        address = ListenAddress(host: "127.0.0.1", port: try await listener.bind())
    }
}

/// An app that answers with OK and what it was asked, or with the given fields, and counts its calls.
final class FakeGRPCApp: Sendable {
    private let seen = Mutex<[HPACKHeaders]>([])
    private let listening = Mutex<CallListener?>(nil)

    var calls: [HPACKHeaders] { seen.withLock { $0 } }

    init(answering answer: HPACKHeaders? = nil) async throws {
        let listener = try await CallListener { [self] call in
            seen.withLock { $0.append(call.head) }
            call.answer(answer ?? [":status": "200", "content-type": "application/grpc", "grpc-status": "0"])
        }
        listening.withLock { $0 = listener }
    }

    var address: ListenAddress { listening.withLock { $0?.address } ?? loopback }
    func stop() async { await listening.withLock { $0 }?.listener.stop() }

    func channel(concurrency: Int? = nil, token: String? = nil) -> GRPCAppChannel {
        GRPCAppChannel(
            HTTP2Upstream(address: address, eventLoopGroup: eventLoops), token: token, concurrency: concurrency,
            health: nil)
    }
}

/// The internal listener of another sidecar.
struct FakeGRPCPeer: Sendable {
    let callee: CallListener
    let isDraining = Flag()

    init(
        _ app: GRPCAppChannel?, secret: String = "secret", accessControl: AccessControl? = nil
    ) async throws {
        guard let token = APIToken(secret) else { preconditionFailure("A peer has a secret.") }
        let isDraining = isDraining
        let responder = InternalGRPCResponder(
            app: app, secret: token, accessControl: accessControl, logger: silence
        ) { isDraining.value }
        callee = try await CallListener { await responder.respond(to: $0) }
    }

    func peer(secret: String = "secret") -> SidecarPeer {
        SidecarPeer(id: "peer-\(callee.address.port)", address: callee.address, secret: secret)
    }
}

/// The gRPC port of a sidecar, and a client of it.
struct GRPCPort: Sendable {
    let listener: CallListener
    let client: HTTP2Client

    init(_ peers: [SidecarPeer], app: GRPCAppChannel? = nil, token: String? = nil) async throws {
        let invoker = GRPCInvoker(
            appID: "cart", namespace: "default", app: app, resolver: FixedResolver(peers: peers),
            eventLoopGroup: eventLoops)
        let responder = GRPCResponder(token: token, invoker: invoker, logsCalls: false, logger: silence)
        listener = try await CallListener { await responder.respond(to: $0) }
        client = try await HTTP2Client(port: listener.address.port)
    }

    func call(
        _ fields: HPACKHeaders = ["dapr-app-id": "orders"], body: [ByteBuffer] = []
    ) async throws
        -> HTTP2Client.Answer
    {
        try await client.call("/test.App/echo", fields, body)
    }
}

struct FixedResolver: NameResolver {
    var peers: [SidecarPeer]
    func resolve(_ appID: String, namespace: String, isFresh: Bool) async throws -> [SidecarPeer] {
        appID == "orders" ? peers : []
    }
}

final class Flag: Sendable {
    private let state = Atomic(false)
    var value: Bool { state.load(ordering: .acquiring) }
    func set() { state.store(true, ordering: .releasing) }
}
