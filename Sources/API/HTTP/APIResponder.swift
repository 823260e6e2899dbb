// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import Core
import HTTPTypes
package import HummingbirdCore
package import Logging
import NIOCore
import Telemetry

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
    private let components: [StateComponent]
    private let metadata: SidecarMetadata
    private let health: HealthState
    private let shutdown: @Sendable (_ isForced: Bool) -> Void
    private let metrics: RequestMetrics
    private let logger: Logger

    package init(
        surface: Surface, configuration: APIConfiguration, components: [StateComponent], metadata: SidecarMetadata,
        health: HealthState, logger: Logger, shutdown: @escaping @Sendable (_ isForced: Bool) -> Void
    ) {
        self.surface = surface
        self.configuration = configuration
        self.token = surface == .public ? nil : configuration.token.flatMap(APIToken.init)
        self.state = StateEndpoints(components: components, appID: metadata.appID)
        self.components = components
        self.metadata = metadata
        self.health = health
        self.shutdown = shutdown
        self.metrics = RequestMetrics(surface: surface.rawValue)
        self.logger = logger
    }

    package func respond(_ request: Request) async -> Response {
        let started = ContinuousClock.now
        metrics.began()
        let method = RouteMethod(request.method.rawValue)
        var route = Route.unknown
        let response: Response
        do {
            let target = try RequestTarget(method: method, path: request.head.path ?? "/")
            route = target.route
            try checkToken(request, target.route)
            response = try await answer(request, method, target)
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

    private func answer(
        _ request: Request, _ method: RouteMethod, _ target: RequestTarget
    ) async throws(APIError) -> Response {
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
        _ request: Request, _ method: RouteMethod, _ target: RequestTarget
    ) async throws(APIError) -> Response {
        switch target.route {
        case .getState where method == .delete:
            return try await state.delete(target, ifMatch: request.headers[.ifMatch])
        case .getState: return try await state.get(target)
        case .saveState: return try await state.save(target, body(of: request))
        case .bulkGetState: return try await state.bulkGet(target, body(of: request))
        case .transactState: return try await state.transact(target, body(of: request))
        case .queryState: return try state.query(target)
        case .shutdown:
            shutdown(request.headers[.forceShutdown]?.lowercased() == "true")
            return .noContent
        case .unimplemented: throw .unimplemented
        default: throw .unknownRoute
        }
    }

    private func healthAnswer(_ target: RequestTarget) throws(APIError) -> Response {
        guard health.isReady else { throw .healthNotReady(health.unreadyParts) }
        if let appID = target.query["appid"], appID != metadata.appID { throw .appIDMismatch }
        return .noContent
    }

    private func setMetadata(_ request: Request, _ target: RequestTarget) async throws(APIError) -> Response {
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

    /// The body, if it is within the limit. A length that is announced beyond it isn't even begun to be read; a body
    /// that turns out to be larger is read to its end and dropped, so that its sender gets to the answer.
    private func body(of request: Request) async throws(APIError) -> ByteBuffer {
        let limit = configuration.bodyLimit.bytes
        if let length = request.headers[.contentLength], (Int(length) ?? .max) > limit {
            var error = APIError.bodyTooLarge(limit: limit)
            error.closesConnection = true
            throw error
        }
        var body = ByteBuffer()
        var count = 0
        do {
            for try await part in request.body {
                count += part.readableBytes
                if count > limit {
                    body = ByteBuffer()
                    // What comes after this is dropped by the server, behind the answer.
                    if count > limit + Self.droppedBytesMax { break }
                } else if body.readableBytes == 0 {
                    body = part
                } else {
                    body.writeImmutableBuffer(part)
                }
            }
        } catch {
            throw .bodyRead("the connection ended before the body")
        }
        if count > limit { throw .bodyTooLarge(limit: limit) }
        return body
    }

    /// How much of a body beyond the limit is waited for before the answer.
    private static let droppedBytesMax = 64 << 20

    private func logCall(_ request: Request, _ response: Response, since started: ContinuousClock.Instant) {
        logger.emit(
            .apiCalled(
                method: request.method.rawValue, path: request.head.path ?? "", status: response.status.code,
                duration: ContinuousClock.now - started))
    }
}

// MARK: - The API token

extension APIResponder {
    private func checkToken(_ request: Request, _ route: Route) throws(TokenError) {
        guard let token, route != .health, route != .outboundHealth else { return }
        guard token.matches(request.headers[.apiToken] ?? "") else { throw TokenError() }
    }
}

/// The caller didn't send the API token.
private struct TokenError: Error {
    var response: Response { .text(.unauthorized, "invalid api token") }
}

extension HTTPField.Name {
    // Safe: every character of these names may stand in a header's name.
    fileprivate static let apiToken = HTTPField.Name("dapr-api-token")!
    fileprivate static let forceShutdown = HTTPField.Name("dapr-force-shutdown")!
}
