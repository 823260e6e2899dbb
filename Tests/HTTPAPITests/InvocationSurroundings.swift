// SPDX-License-Identifier: Apache-2.0

import AppInvocation
import BuildingBlocks
import Core
import HTTPAPI
import Logging
import NIOCore
import Proxying
import Synchronization
import WireHTTP

/// An app that answers from a function, and keeps what it was asked.
final class FakeAppChannel: AppChannel {
    private let requests = Mutex<[HTTPRequest]>([])
    private let answer: @Sendable (HTTPRequest) async throws(AppChannelError) -> HTTPUpstream.Response

    init(
        _ answer: @escaping @Sendable (HTTPRequest) async throws(AppChannelError) -> HTTPUpstream.Response = { _ in
            .answer(200, "ok")
        }
    ) {
        self.answer = answer
    }

    var isHealthy: Bool { true }
    var seen: [HTTPRequest] { requests.withLock { $0 } }

    func call(_ request: HTTPRequest, within timeout: TimeAmount?) async throws(AppChannelError) -> AppCall {
        requests.withLock { $0.append(request) }
        return AppCall(try await answer(request))
    }
}

extension HTTPUpstream.Response {
    static func answer(_ status: Int, _ body: String, fields: HTTPFields = [:]) -> HTTPUpstream.Response {
        HTTPUpstream.Response(
            head: HTTPResponseHead(HTTPStatus(status), fields: fields), body: .bytes(ByteBuffer(string: body)))
    }
}

/// A registry that says what a test tells it, and counts how often it is asked.
final class FakeResolver: NameResolver {
    struct Broken: Error, CustomStringConvertible { var description: String { "the registry is broken" } }

    private let peers: @Sendable (_ appID: String, _ namespace: String, _ isFresh: Bool) throws -> [SidecarPeer]
    private let asked = Mutex<[Bool]>([])

    init(_ peers: @escaping @Sendable (String, String, Bool) throws -> [SidecarPeer]) { self.peers = peers }

    /// Whether each look-up was a fresh one.
    var lookups: [Bool] { asked.withLock { $0 } }

    func resolve(_ appID: String, namespace: String, isFresh: Bool) async throws -> [SidecarPeer] {
        asked.withLock { $0.append(isFresh) }
        return try peers(appID, namespace, isFresh)
    }
}

/// The internal listener of another sidecar, with its app.
struct FakePeer: Sendable {
    let app: FakeAppChannel
    let health = HealthState()
    let secret: String
    let listener: HTTPListener
    let address: ListenAddress

    init(
        _ app: FakeAppChannel = FakeAppChannel(), secret: String = "secret", accessControl: AccessControl? = nil
    ) async throws {
        (self.app, self.secret) = (app, secret)
        guard let token = APIToken(secret) else { preconditionFailure("A peer has a secret.") }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let responder = InternalResponder(
            app: app, secret: token, health: health, accessControl: accessControl, logger: logger)
        listener = HTTPListener(
            address: ListenAddress(host: "127.0.0.1", port: 0), eventLoopGroup: EpollEventLoopGroup.singleton,
            logger: logger
        ) { await responder.respond($0) }
        address = ListenAddress(host: "127.0.0.1", port: try await listener.bind())
    }

    func peer(secret: String? = nil) -> SidecarPeer {
        SidecarPeer(id: "peer-\(address.port)", address: address, secret: secret ?? self.secret)
    }
}
