// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// A request's method (RFC 9110, section 9). Case counts.
package enum HTTPMethod: Sendable, Equatable {
    case get, head, post, put, delete, patch, options, connect, trace
    case other(String)

    package init(_ name: String) {
        self =
            switch name {
            case "GET": .get
            case "HEAD": .head
            case "POST": .post
            case "PUT": .put
            case "DELETE": .delete
            case "PATCH": .patch
            case "OPTIONS": .options
            case "CONNECT": .connect
            case "TRACE": .trace
            default: .other(name)
            }
    }

    /// The frequent ones are told apart without making a string.
    init(_ name: borrowing Span<UInt8>) {
        if name.isSame(as: "GET".utf8.span) {
            self = .get
        } else if name.isSame(as: "POST".utf8.span) {
            self = .post
        } else {
            // Safe: a method is made of ASCII characters.
            self.init(name.text ?? "")
        }
    }

    package var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .patch: "PATCH"
        case .options: "OPTIONS"
        case .connect: "CONNECT"
        case .trace: "TRACE"
        case .other(let name): name
        }
    }
}

package enum HTTPVersion: Sendable, Equatable { case http10, http11 }

/// What comes before a request's body.
package struct HTTPRequestHead: Sendable, Equatable {
    package var method: HTTPMethod
    /// The path with its query, `*`, or for CONNECT an authority; never empty. What came in absolute form (RFC 9112,
    /// section 3.2.2) is a path here, with its authority in `Host`.
    package var target: String
    package var version: HTTPVersion
    package var fields: HTTPFields

    package init(_ method: HTTPMethod, _ target: String, version: HTTPVersion = .http11, fields: HTTPFields = [:]) {
        self.method = method
        self.target = target
        self.version = version
        self.fields = fields
    }

    /// Whether the sender may use the connection for another request (RFC 9112, section 9.3). Clients of HTTP/1.0 read
    /// an answer up to the end of the connection, whatever else they ask for.
    package var keepsConnection: Bool { version == .http11 && !fields.hasToken("connection", "close") }

    package var expectsContinue: Bool { version == .http11 && fields.hasToken("expect", "100-continue") }
}

/// What comes before a response's body.
package struct HTTPResponseHead: Sendable, Equatable {
    package var status: HTTPStatus
    package var version: HTTPVersion
    package var fields: HTTPFields

    package init(_ status: HTTPStatus, version: HTTPVersion = .http11, fields: HTTPFields = [:]) {
        self.status = status
        self.version = version
        self.fields = fields
    }

    /// Of a scan, and the bytes that were scanned.
    package init(_ scan: borrowing HTTPHeadScan, bytes: ByteBuffer) {
        status = HTTPStatus(scan.status)
        version = scan.version
        fields = HTTPFields(bytes: bytes, entries: scan.fields)
    }
}

/// A response's status code (RFC 9110, section 15), from 100 to 999.
package struct HTTPStatus: Sendable, Hashable {
    package var code: Int

    package init(_ code: Int) {
        precondition((100...999).contains(code), "A status has three digits.")
        self.code = code
    }

    package static let `continue` = HTTPStatus(100)
    package static let switchingProtocols = HTTPStatus(101)
    package static let ok = HTTPStatus(200)
    package static let noContent = HTTPStatus(204)
    package static let notModified = HTTPStatus(304)
    package static let badRequest = HTTPStatus(400)
    package static let unauthorized = HTTPStatus(401)
    package static let forbidden = HTTPStatus(403)
    package static let notFound = HTTPStatus(404)
    package static let methodNotAllowed = HTTPStatus(405)
    package static let requestTimeout = HTTPStatus(408)
    package static let conflict = HTTPStatus(409)
    package static let contentTooLarge = HTTPStatus(413)
    package static let uriTooLong = HTTPStatus(414)
    package static let tooManyRequests = HTTPStatus(429)
    package static let headerFieldsTooLarge = HTTPStatus(431)
    package static let internalServerError = HTTPStatus(500)
    package static let notImplemented = HTTPStatus(501)
    package static let badGateway = HTTPStatus(502)
    package static let serviceUnavailable = HTTPStatus(503)
    package static let gatewayTimeout = HTTPStatus(504)
    package static let versionNotSupported = HTTPStatus(505)

    package var isInformational: Bool { code < 200 }
    package var isSuccess: Bool { (200...299).contains(code) }

    /// Whether a response with this status never has a body (RFC 9112, section 6.3).
    package var hasNoBody: Bool { isInformational || self == .noContent || self == .notModified }

    /// What stands behind the code in the status line; it has no meaning to programs.
    package var reason: String {
        switch code {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
