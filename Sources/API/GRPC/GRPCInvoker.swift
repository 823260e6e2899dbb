// SPDX-License-Identifier: Apache-2.0

import AppInvocation
package import BuildingBlocks
import Core
import NIOCore
import NIOHPACK
package import Proxying
package import Telemetry
import WireGRPC

/// Invocation over gRPC as its caller's sidecar does it: as that of HTTP, but that a call's stream is passed on part by
/// part, both ways, over one connection to the callee's sidecar.
package final class GRPCInvoker: Sendable {
    private let appID: String
    private let namespace: String
    private let trustDomain: String
    private let app: GRPCAppChannel?
    private let peers: PeerSelection
    private let upstreams = UpstreamCache<ListenAddress, HTTP2Upstream> { $0.closeIdle() }
    private let eventLoopGroup: EpollEventLoopGroup
    private let tracing: GRPCTracing
    private let metrics = InvocationMetrics.grpc(.outgoing)

    /// `app`: the app beside this sidecar; nil if it doesn't speak gRPC.
    package init(
        appID: String, namespace: String, trustDomain: String = AccessControl.trustDomainDefault,
        app: GRPCAppChannel?, resolver: any NameResolver, tracer: Tracer = .off,
        eventLoopGroup: EpollEventLoopGroup
    ) {
        self.appID = appID
        self.namespace = namespace
        self.trustDomain = trustDomain
        self.app = app
        peers = PeerSelection(resolver)
        self.eventLoopGroup = eventLoopGroup
        tracing = GRPCTracing(tracer: tracer)
    }

    /// Passes a call to the app `name`, and returns how it ended.
    func invoke(_ name: String, _ call: HTTP2Call) async -> GRPCStatus.Code {
        let running = metrics.begin()
        var head = call.head.forwarded(dropping: InternalField.ofAPI + InternalField.ofCaller)
        let span = tracing.begin(.client, &head)
        let code: GRPCStatus.Code
        do throws(GRPCStatus) {
            code = try await pass(call, head, to: name)
        } catch {
            call.fail(error)
            code = error.code
        }
        running.ended(code)
        tracing.end(span, head, code, peer: name)
        return code
    }

    private func pass(
        _ call: HTTP2Call, _ head: HPACKHeaders, to name: String
    ) async throws(GRPCStatus)
        -> GRPCStatus.Code
    {
        guard case .app(let id, let namespace) = InvocationTarget(name) else {
            throw GRPCStatus(.invalidArgument, "\(name) is no app; only apps are called over gRPC")
        }
        var head = head
        head.add(name: InternalField.callerAppID, value: appID)
        head.add(name: InternalField.callerNamespace, value: self.namespace)
        head.add(name: InternalField.calleeAppID, value: id)
        if trustDomain != AccessControl.trustDomainDefault {
            head.add(name: InternalField.callerTrustDomain, value: trustDomain)
        }
        if id == appID, namespace ?? self.namespace == self.namespace { return try await callOwnApp(call, head) }
        return try await callPeer(call, head, id, namespace ?? self.namespace)
    }

    private func callOwnApp(_ call: HTTP2Call, _ head: HPACKHeaders) async throws(GRPCStatus) -> GRPCStatus.Code {
        guard let app else { throw GRPCStatus(.unimplemented, InvocationError(appID, .otherProtocol).sentence) }
        let lease: CallLimit.Lease?
        do throws(AppChannelError) { lease = try await app.pass(call, head) } catch {
            throw GRPCStatus(error.grpcCode, InvocationError(appID, error.description).sentence)
        }
        defer { withExtendedLifetime(lease) {} }
        return await call.ended(by: appID)
    }

    // MARK: - Other sidecars

    /// What a callee's sidecar made of a call.
    private enum Taken {
        case answered
        case clientLeft
        /// Its app doesn't speak gRPC, and those of other instances won't either.
        case unserved(String)
        /// Its access control doesn't allow the call, nor will that of other instances.
        case denied(String)
    }

    private func callPeer(
        _ call: HTTP2Call, _ head: HPACKHeaders, _ id: String, _ namespace: String
    ) async throws(GRPCStatus) -> GRPCStatus.Code {
        let taken: Taken
        do throws(InvocationError) {
            taken = try await peers.offer(id, namespace) { await send(call, head, of: id, to: $0) }
        } catch {
            throw GRPCStatus(.unavailable, error.sentence)
        }
        switch taken {
        case .answered: return await call.ended(by: id)
        case .clientLeft: return .cancelled
        case .denied(let reason): throw GRPCStatus(.permissionDenied, InvocationError(id, reason).sentence)
        case .unserved(let reason): throw GRPCStatus(.unimplemented, InvocationError(id, reason).sentence)
        }
    }

    private func send(
        _ call: HTTP2Call, _ head: HPACKHeaders, of id: String, to peer: SidecarPeer
    ) async -> PeerSelection.Outcome<Taken> {
        var head = head
        head.add(name: InternalField.secret, value: peer.secret, indexing: .neverIndexed)
        let reading = HTTP2ResponseReading(refusal: InternalField.refusal)
        let upstream = upstreams.upstream(peer.address) {
            HTTP2Upstream(address: peer.address, eventLoopGroup: eventLoopGroup)
        }
        switch await call.send(head, to: upstream, reading: reading) {
        case .answered: return .answered(.answered)
        case .gone: return .answered(.clientLeft)
        case .unsent(let reason):
            let failure = InvocationError(id, reason)
            return call.isRepeatable ? .passed(failure, isGone: true) : .failed(failure)
        case .failed(let code):
            return .failed(InvocationError(id, GRPCStatus(lost: code, "there was no answer of its sidecar").message))
        case .refused(let fields):
            let reason = fields.first(name: InternalField.refusal) ?? ""
            let failure = InvocationError(id, reason)
            switch fields.first(name: ":status") {
            case InternalGRPCResponder.unserved: return .answered(.unserved(reason))
            case InternalGRPCResponder.denied: return .answered(.denied(reason))
            // Only then the app may have seen the call.
            case InternalGRPCResponder.lost: return .failed(failure)
            default: return call.isRepeatable ? .passed(failure, isGone: false) : .failed(failure)
            }
        }
    }
}

extension String {
    /// What is said of an app that can't be called over gRPC.
    static let otherProtocol = "the app doesn't speak gRPC; if it does, say --app-protocol grpc"
}

extension AppChannelError {
    /// An app that is gone, unwell or overloaded may be there later.
    var grpcCode: GRPCStatus.Code { code == .cancelled ? .cancelled : .unavailable }
}
