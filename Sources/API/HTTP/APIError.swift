// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying
import WireHTTP

/// An answer that isn't success, in Dapr's form: a status, a code, a sentence, and for some codes details
/// (`google.rpc`).
struct APIError: Error, Sendable {
    enum Detail: Sendable {
        case errorInfo(reason: String, metadata: [(String, String)])
        case resource(type: String, name: String)
        case fieldViolation(field: String, description: String)
        case help(url: String, description: String)
    }

    var status: HTTPStatus
    var code: String
    var message: String
    var details: [Detail] = []
    /// The connection ends after the answer, because the rest of the request wasn't read.
    var closesConnection = false

    init(_ status: HTTPStatus, _ code: String, _ message: String, details: [Detail] = []) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details
    }

    var response: HTTPResponse {
        var response = HTTPResponse.json(status, json)
        if closesConnection { response.fields["connection"] = "close" }
        return response
    }

    private var json: JSONWriter {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.field("errorCode", code)
        json.field("message", message)
        if !details.isEmpty {
            json.key("details")
            json.beginArray()
            for detail in details { detail.write(to: &json) }
            json.endArray()
        }
        json.endObject()
        return json
    }
}

extension APIError.Detail {
    /// The keys are in the order in which Dapr's own encoder puts them.
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        switch self {
        case .errorInfo(let reason, let metadata):
            json.field("@type", "type.googleapis.com/google.rpc.ErrorInfo")
            json.field("domain", "dapr.io")
            json.key("metadata")
            if metadata.isEmpty { json.null() } else { Self.write(metadata, to: &json) }
            json.field("reason", reason)
        case .resource(let type, let name):
            json.field("@type", "type.googleapis.com/google.rpc.ResourceInfo")
            json.field("description", "")
            json.field("owner", "")
            json.field("resource_name", name)
            json.field("resource_type", type)
        case .fieldViolation(let field, let description):
            json.field("@type", "type.googleapis.com/google.rpc.BadRequest")
            json.key("field_violations")
            json.beginArray()
            Self.write([("field", field), ("description", description)], to: &json)
            json.endArray()
        case .help(let url, let description):
            json.field("@type", "type.googleapis.com/google.rpc.Help")
            json.key("links")
            json.beginArray()
            Self.write([("description", description), ("url", url)], to: &json)
            json.endArray()
        }
        json.endObject()
    }

    private static func write(_ fields: [(String, String)], to json: inout JSONWriter) {
        json.beginObject()
        for (name, value) in fields { json.field(name, value) }
        json.endObject()
    }
}

// MARK: - The errors of no store

extension APIError {
    static let notReady = APIError(.internalServerError, "ERR_OUTBOUND_HEALTH_NOT_READY", "dapr outbound is not ready")
    static let appIDMismatch = APIError(
        .internalServerError, "ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match")
    /// Dapr takes every path and method that it doesn't know for an invocation that lacks the app's id.
    static let unknownRoute = APIError(
        .notFound, "ERR_DIRECT_INVOKE", "failed getting app id either from the URL path or the header dapr-app-id")
    static let unimplemented = APIError(
        .notImplemented, "ERR_API_UNIMPLEMENTED", "this API is currently not implemented")

    static func healthNotReady(_ parts: [String]) -> APIError {
        APIError(
            .internalServerError, "ERR_HEALTH_NOT_READY", "dapr is not ready: [\(parts.joined(separator: " "))]")
    }

    static func bodyRead(_ reason: String) -> APIError {
        APIError(.badRequest, "ERR_BODY_READ", "failed to read request body: \(reason)")
    }

    static func bodyTooLarge(limit: Int) -> APIError {
        .bodyRead("the body is larger than the limit of \(limit) bytes")
    }

    static func malformedRequest(_ message: String) -> APIError {
        APIError(.badRequest, "ERR_MALFORMED_REQUEST", message)
    }
}

extension HTTPResponse {
    static func json(_ status: HTTPStatus, _ json: JSONWriter) -> HTTPResponse {
        HTTPResponse(status, fields: ["content-type": "application/json"], body: ByteBuffer(bytes: json.bytes))
    }

    static func text(_ status: HTTPStatus, _ text: String) -> HTTPResponse {
        HTTPResponse(status, fields: ["content-type": "text/plain; charset=utf-8"], body: ByteBuffer(string: text))
    }

    static let noContent = HTTPResponse(.noContent)
}
