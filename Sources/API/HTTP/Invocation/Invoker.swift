// SPDX-License-Identifier: Apache-2.0

import AppInvocation
package import BuildingBlocks
import Core
import NIOCore
package import Proxying
import WireHTTP

/// Invocation as its caller's sidecar does it: the callee is looked up, the request is passed on with what the callee
/// may trust, and the response is passed back. Bodies go through part by part, both ways.
package final class Invoker: Sendable {
    private let appID: String
    private let namespace: String
    private let trustDomain: String
    private let app: any AppChannel
    private let peers: PeerSelection
    private let servers: InvokedServers
    private let metrics = InvocationMetrics(.outgoing)

    package init(
        appID: String, namespace: String, trustDomain: String = AccessControl.trustDomainDefault,
        app: any AppChannel, resolver: any NameResolver, endpoints: [HTTPEndpoint] = [],
        eventLoopGroup: EpollEventLoopGroup
    ) {
        self.appID = appID
        self.namespace = namespace
        self.trustDomain = trustDomain
        self.app = app
        peers = PeerSelection(resolver)
        servers = InvokedServers(endpoints, eventLoopGroup: eventLoopGroup)
    }

    /// Invokes `path` (with its query) of `name`; `request` is what came to the API.
    func invoke(_ name: String, _ path: String, _ request: HTTPRequest) async throws(InvocationError) -> HTTPResponse {
        let running = metrics.begin()
        do {
            let answer = try await answer(name, path, request)
            running.answered(answer.response.head.status)
            return answer.response.answer(lease: (running, answer.lease))
        } catch {
            running.failed()
            throw error
        }
    }

    private func answer(
        _ name: String, _ path: String, _ request: HTTPRequest
    ) async throws(InvocationError) -> AppCall {
        // A name of an endpoint is looked for before an app's, as in Dapr.
        if let endpoint = servers.endpoints[name] { return AppCall(try await callEndpoint(request, path, endpoint)) }
        switch InvocationTarget(name) {
        case .app(let id, let namespace):
            let call = call(request, path, callee: id)
            if id == appID, namespace ?? self.namespace == self.namespace { return try await callOwnApp(call) }
            return AppCall(try await callPeer(call, id, namespace ?? self.namespace))
        case .server(let url): return AppCall(try await callServer(request, path, url, name))
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

    private func callOwnApp(_ call: HTTPRequest) async throws(InvocationError) -> AppCall {
        do { return try await app.call(call, within: nil) } catch { throw InvocationError(appID, error.description) }
    }

    private func callServer(
        _ request: HTTPRequest, _ path: String, _ url: ServerURL, _ name: String
    ) async throws(InvocationError) -> HTTPUpstream.Response {
        let upstream: HTTPUpstream
        do { upstream = try await servers.server(url) } catch { throw InvocationError(name, error.description) }
        let call = call(request, path.behind(url.path), callee: nil)
        do { return try await upstream.send(call) } catch { throw InvocationError(name, error.description) }
    }

    private func callEndpoint(
        _ request: HTTPRequest, _ path: String, _ endpoint: HTTPEndpoint
    ) async throws(InvocationError) -> HTTPUpstream.Response {
        var call = call(request, path.behind(endpoint.url.path), callee: nil)
        for index in 0..<endpoint.fields.count { call.head.fields.remove(endpoint.fields.name(at: index)) }
        call.head.fields.append(contentsOf: endpoint.fields) { _ in true }
        do { return try await servers.endpoint(endpoint).send(call) } catch {
            throw InvocationError(endpoint.name, error.description)
        }
    }

    // MARK: - Other sidecars

    private func callPeer(
        _ call: HTTPRequest, _ id: String, _ namespace: String
    ) async throws(InvocationError) -> HTTPUpstream.Response {
        try await peers.offer(id, namespace) { await send(call, of: id, to: $0) }
    }

    private func send(
        _ call: HTTPRequest, of id: String, to peer: SidecarPeer
    ) async -> PeerSelection.Outcome<HTTPUpstream.Response> {
        var call = call
        call.head.fields.append(InternalField.secret, peer.secret)
        if trustDomain != AccessControl.trustDomainDefault {
            call.head.fields.append(InternalField.callerTrustDomain, trustDomain)
        }
        let response: HTTPUpstream.Response
        do { response = try await servers.sidecar(peer.address).send(call) } catch {
            let failure = InvocationError(id, error.description)
            return error.isUnsent ? .passed(failure, isGone: true) : .failed(failure)
        }
        // What the callee's sidecar says in the place of its app is this sidecar's error.
        guard let refusal = response.head.fields[InternalField.refusal] else { return .answered(response) }
        var failure = InvocationError(id, refusal)
        // The other instances would say the same.
        if response.head.status == .forbidden {
            failure.isDenied = true
            return .failed(failure)
        }
        // A streamed body has been begun, and can't be sent a second time.
        let isRepeatable = response.head.status != .badGateway && !call.body.isStreamed
        return isRepeatable ? .passed(failure, isGone: false) : .failed(failure)
    }
}

extension String {
    /// The path of an invocation behind that of a server.
    fileprivate func behind(_ base: String) -> String { base.hasSuffix("/") ? base.dropLast() + self : base + self }
}
