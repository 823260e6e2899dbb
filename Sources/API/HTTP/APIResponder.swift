// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import Core
package import Logging
import NIOCore
package import Proxying
package import Subscriptions
package import Telemetry
import WireHTTP

/// The components of which the API is a face.
package struct APIComponents: Sendable {
    package var state: [StateComponent]
    package var pubsub: [PubSubComponent]

    package init(state: [StateComponent] = [], pubsub: [PubSubComponent] = []) {
        self.state = state
        self.pubsub = pubsub
    }
}

/// Answers the requests of the HTTP API. The whole path of a request is in `respond`:
/// the target is matched, the token checked, the body read within its limit, and the endpoint called.
package struct APIResponder: Sendable {
    /// Which routes a listener offers.
    package enum Surface: String, Sendable {
        case api
        /// Health and metadata only, without a token.
        case `public`
    }

    private let surface: Surface
    private let configuration: APIConfiguration
    private let token: APIToken?
    private let state: StateEndpoints
    private let invoker: Invoker?
    private let pubsub: PubSubEndpoints
    private let components: APIComponents
    private let metadata: SidecarMetadata
    private let health: HealthState
    private let shutdown: @Sendable (_ isForced: Bool) -> Void
    private let metrics: RequestMetrics
    private let tracing: RequestTracing
    private let logger: Logger

    package init(
        surface: Surface, configuration: APIConfiguration, components: APIComponents, invoker: Invoker?,
        metadata: SidecarMetadata, health: HealthState, tracer: Tracer = .off, logger: Logger,
        shutdown: @escaping @Sendable (_ isForced: Bool) -> Void
    ) {
        self.surface = surface
        self.configuration = configuration
        self.token = surface == .public ? nil : configuration.token.flatMap(APIToken.init)
        self.state = StateEndpoints(components: components.state, appID: metadata.appID)
        self.invoker = invoker
        self.pubsub = PubSubEndpoints(components: components.pubsub)
        self.components = components
        self.metadata = metadata
        self.health = health
        self.shutdown = shutdown
        self.metrics = RequestMetrics(surface: surface.rawValue)
        self.tracing = RequestTracing(tracer: tracer)
        self.logger = logger
    }

    package func respond(_ request: HTTPRequest) async -> HTTPResponse {
        let started = ContinuousClock.now
        metrics.began()
        let method = RouteMethod(request.head.method)
        var route = Route.unknown
        let response: HTTPResponse
        do {
            var target = try RequestTarget(method: method, path: request.head.target)
            if target.route == .unknown, surface == .api { try target.invoke(request.head) }
            route = target.route
            try checkToken(request, target.route)
            response =
                tracing.concerns(target.route)
                ? await tracedAnswer(request, method, target) : try await answer(request, method, target)
        } catch let error as APIError {
            response = error.response
        } catch let error as TokenError {
            response = error.response
        } catch {
            response = .text(.badRequest, "the path is not percent-encoded UTF-8")
        }
        metrics.ended(route, method, status: response.status.code, since: started)
        if configuration.logCalls { logCall(request, response, since: started) }
        return response
    }

    /// The answer, as a part of the caller's trace or of a new one.
    private func tracedAnswer(
        _ request: HTTPRequest, _ method: RouteMethod, _ target: RequestTarget
    ) async -> HTTPResponse {
        var request = request
        let span = tracing.begin(&request, target.route)
        var response: HTTPResponse
        do { response = try await answer(request, method, target) } catch { response = error.response }
        tracing.end(span, request, target, &response)
        return response
    }

    private func answer(
        _ request: HTTPRequest, _ method: RouteMethod, _ target: RequestTarget
    ) async throws(APIError) -> HTTPResponse {
        switch target.route {
        case .health: return try healthAnswer(target)
        case .outboundHealth:
            guard health.isOutboundReady else { throw .notReady }
            return .noContent
        case .metadata: return metadata.response(components: components, isPublic: surface == .public)
        case .setMetadata where surface == .api: return try await setMetadata(request, target)
        default:
            guard surface == .api else { return .text(.notFound, "404 page not found") }
            return try await apiAnswer(request, method, target)
        }
    }

    private func apiAnswer(
        _ request: HTTPRequest, _ method: RouteMethod, _ target: RequestTarget
    ) async throws(APIError) -> HTTPResponse {
        switch target.route {
        case .getState where method == .delete:
            return try await state.delete(target, ifMatch: request.head.fields["if-match"])
        case .getState: return try await state.get(target)
        case .saveState: return try await onPool(body(of: request), target, state.save)
        case .bulkGetState: return try await onPool(body(of: request), target, state.bulkGet)
        case .transactState: return try await onPool(body(of: request), target, state.transact)
        case .queryState: return try state.query(target)
        case .shutdown:
            shutdown(request.head.fields["dapr-force-shutdown"]?.lowercased() == "true")
            return .noContent
        case .publish: return try await pubsub.publish(target, request.head, body(of: request))
        case .publishBulk:
            return try await onPool(body(of: request), target) { (target, body) async throws(APIError) in
                try await pubsub.publishBulk(target, request.head, body)
            }
        case .invoke: return try await invoke(request, target)
        case .unimplemented: throw .unimplemented
        default: throw .unknownRoute
        }
    }

    private func invoke(_ request: HTTPRequest, _ target: RequestTarget) async throws(APIError) -> HTTPResponse {
        guard let invoker else { throw .unimplemented }
        var request = request
        target.removeCredentials(from: &request.head)
        do { return try await invoker.invoke(target.name, target.key, request) } catch {
            throw .invocation(error)
        }
    }

    /// A body that takes long to read is read on the task pool, so that it holds up no other connection of its loop.
    private func onPool(
        _ body: ByteBuffer, _ target: RequestTarget,
        _ answer: (RequestTarget, ByteBuffer) async throws(APIError) -> HTTPResponse
    ) async throws(APIError) -> HTTPResponse {
        guard body.readableBytes > Self.bytesOnLoopMax else { return try await answer(target, body) }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) { () async throws(APIError) in
            try await answer(target, body)
        }
    }

    /// About a tenth of a millisecond of reading JSON.
    private static let bytesOnLoopMax = 64 << 10

    private func healthAnswer(_ target: RequestTarget) throws(APIError) -> HTTPResponse {
        guard health.isReady else { throw .healthNotReady(health.unreadyParts) }
        if let appID = target.query["appid"], appID != metadata.appID { throw .appIDMismatch }
        return .noContent
    }

    private func setMetadata(_ request: HTTPRequest, _ target: RequestTarget) async throws(APIError) -> HTTPResponse {
        let bytes = try await body(of: request)
        guard let value = String(validating: bytes.readableBytesView, as: UTF8.self) else {
            throw .malformedRequest("the value of metadata must be UTF-8")
        }
        guard metadata.set(target.name, value) else {
            throw .malformedRequest(
                "there can be \(SidecarMetadata.fieldsMax) fields of metadata, each of at most "
                    + "\(SidecarMetadata.fieldBytesMax) bytes")
        }
        return .noContent
    }

    /// The body, if it is within the limit. A length that is announced beyond it isn't even begun to be read.
    private func body(of request: HTTPRequest) async throws(APIError) -> ByteBuffer {
        let limit = configuration.bodyLimit.bytes
        if let length = request.head.fields["content-length"], (Int(length) ?? .max) > limit {
            var error = APIError.bodyTooLarge(limit: limit)
            error.closesConnection = true
            throw error
        }
        let body: ByteBuffer?
        do { body = try await request.body.collect(upTo: limit) } catch {
            throw .bodyRead("the connection ended before the body")
        }
        // What comes after this is dropped by the listener, behind the answer.
        guard let body else { throw .bodyTooLarge(limit: limit) }
        return body
    }

    private func logCall(_ request: HTTPRequest, _ response: HTTPResponse, since started: ContinuousClock.Instant) {
        logger.emit(
            .apiCalled(
                method: request.head.method.name, path: request.head.target, status: response.status.code,
                duration: ContinuousClock.now - started))
    }
}

// MARK: - The API token

extension APIResponder {
    private func checkToken(_ request: HTTPRequest, _ route: Route) throws(TokenError) {
        guard let token, route != .health, route != .outboundHealth else { return }
        guard token.matches(request.head.fields["dapr-api-token"] ?? "") else { throw TokenError() }
    }
}

/// The caller didn't send the API token.
private struct TokenError: Error {
    var response: HTTPResponse { .text(.unauthorized, "invalid api token") }
}
