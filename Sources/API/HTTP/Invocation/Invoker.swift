// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import Core
package import NIOCore
import Proxying
import Synchronization
import WireHTTP

/// Invocation as its caller's sidecar does it: the callee is looked up, the request is passed on with what the callee
/// may trust, and the response is passed back. Bodies go through part by part, both ways.
package final class Invoker: Sendable {
    /// Connections to so many other sidecars and servers are kept.
    private static let upstreamsMax = 256
    /// Tries for a request that no callee has seen, and the pause between them: Dapr's own policy.
    private static let triesMax = 3
    private static let pause = Duration.seconds(1)

    private let appID: String
    private let namespace: String
    private let app: any AppChannel
    private let resolver: any NameResolver
    private let eventLoopGroup: any EventLoopGroup
    private let upstreams = Mutex<[ListenAddress: HTTPUpstream]>([:])
    private let turn = Atomic(0)

    package init(
        appID: String, namespace: String, app: any AppChannel, resolver: any NameResolver,
        eventLoopGroup: any EventLoopGroup
    ) {
        self.appID = appID
        self.namespace = namespace
        self.app = app
        self.resolver = resolver
        self.eventLoopGroup = eventLoopGroup
    }

    /// Invokes `path` (with its query) of `name`; `request` is what came to the API.
    func invoke(_ name: String, _ path: String, _ request: HTTPRequest) async throws(InvocationError) -> HTTPResponse {
        switch InvocationTarget(name) {
        case .app(let id, let namespace):
            let call = call(request, path, callee: id)
            if id == appID, namespace ?? self.namespace == self.namespace { return try await callOwnApp(call) }
            return try await callPeer(call, id, namespace ?? self.namespace)
        case .server(let address):
            return try await send(call(request, path, callee: nil), to: address).answer()
        case .refused(let reason): throw InvocationError(name, reason)
        }
    }

    /// The request as it goes on. Who calls is said by this sidecar alone.
    private func call(_ request: HTTPRequest, _ path: String, callee: String?) -> HTTPRequest {
        var fields = request.head.fields.forwarded(
            streamed: request.body.isStreamed, dropping: InternalField.ofAPI + InternalField.ofCaller + ["host"])
        if let callee {
            fields.append(InternalField.callerAppID, appID)
            fields.append(InternalField.callerNamespace, namespace)
            fields.append(InternalField.calleeAppID, callee)
        }
        return HTTPRequest(HTTPRequestHead(request.head.method, path, fields: fields), body: request.body)
    }

    private func callOwnApp(_ call: HTTPRequest) async throws(InvocationError) -> HTTPResponse {
        do {
            let answer = try await app.call(call, within: nil)
            return answer.response.answer(lease: answer.lease)
        } catch {
            throw InvocationError(appID, error.description)
        }
    }

    // MARK: - Other sidecars

    private func callPeer(
        _ call: HTTPRequest, _ id: String, _ namespace: String
    ) async throws(InvocationError) -> HTTPResponse {
        var failure = InvocationError(id, "no app with this id runs in the namespace \(namespace)")
        for attempt in 0..<Self.triesMax {
            let peers = try await peers(id, namespace, isFresh: attempt > 0)
            guard !peers.isEmpty else { throw failure }
            let start = turn.wrappingAdd(1, ordering: .relaxed).oldValue & .max
            for offset in peers.indices {
                switch await send(call, to: peers[(start + offset) % peers.count]) {
                case .success(let response): return try answer(response, id)
                case .failure(let error):
                    failure = InvocationError(id, error.description)
                    // What a callee may have seen isn't sent again, nor is a body that can't be.
                    guard error.isUnsent, !call.body.isStreamed else { throw failure }
                }
            }
            if attempt + 1 < Self.triesMax { try? await Task.sleep(for: Self.pause) }
        }
        throw failure
    }

    private func peers(
        _ id: String, _ namespace: String, isFresh: Bool
    ) async throws(InvocationError) -> [SidecarPeer] {
        do {
            return try await resolver.resolve(id, namespace: namespace, isFresh: isFresh)
        } catch {
            throw InvocationError(id, "the app can't be looked up: \(error)")
        }
    }

    private func send(
        _ call: HTTPRequest, to peer: SidecarPeer
    ) async -> Result<HTTPUpstream.Response, HTTPUpstreamError> {
        var call = call
        call.head.fields.append(InternalField.secret, peer.secret)
        do { return .success(try await upstream(peer.address).send(call)) } catch { return .failure(error) }
    }

    private func send(
        _ call: HTTPRequest, to address: ListenAddress
    ) async throws(InvocationError) -> HTTPUpstream.Response {
        do {
            return try await upstream(address).send(call)
        } catch {
            throw InvocationError("\(address)", error.description)
        }
    }

    /// What the callee's sidecar says in the place of its app is this sidecar's error.
    private func answer(
        _ response: HTTPUpstream.Response, _ id: String
    ) throws(InvocationError) -> HTTPResponse {
        if let refusal = response.head.fields[InternalField.refusal] { throw InvocationError(id, refusal) }
        return response.answer()
    }

    private func upstream(_ address: ListenAddress) -> HTTPUpstream {
        upstreams.withLock { upstreams in
            if let upstream = upstreams[address] { return upstream }
            if upstreams.count >= Self.upstreamsMax {
                for upstream in upstreams.values { upstream.closeIdle() }
                upstreams.removeAll()
            }
            let upstream = HTTPUpstream(address: address, eventLoopGroup: eventLoopGroup)
            upstreams[address] = upstream
            return upstream
        }
    }
}

/// Why an invocation has no answer of its callee.
struct InvocationError: Error {
    var name: String
    var reason: String

    init(_ name: String, _ reason: String) {
        self.name = name
        self.reason = reason
    }
}

/// The fields by which sidecars talk about a call. A client can set none of them.
package enum InternalField {
    package static let callerAppID = "dapr-caller-app-id"
    package static let callerNamespace = "dapr-caller-namespace"
    package static let calleeAppID = "dapr-callee-app-id"
    static let ofCaller = [callerAppID, callerNamespace, calleeAppID, secret, refusal]
    /// What a client says to the API and not to the callee.
    static let ofAPI = ["dapr-app-id", "dapr-api-token"]
    /// The callee's secret, which proves that the caller has read the registry.
    package static let secret = "outrigger-secret"
    /// What kept the callee's sidecar from calling its app.
    package static let refusal = "outrigger-refusal"
}
