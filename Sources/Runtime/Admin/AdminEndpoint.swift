// SPDX-License-Identifier: Apache-2.0

/// What was asked of the admin listener.
package struct AdminRequest: Sendable {
    package var method: String
    package var path: String
    /// What follows the question mark, as it came.
    package var query: String
    package var body: [UInt8]
    /// False when the listener is reachable from outside and the API token wasn't given: such a caller may only read.
    package var mayChange: Bool

    package init(
        _ method: String, _ path: String, query: String = "", body: [UInt8] = [], mayChange: Bool = false
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.mayChange = mayChange
    }

    /// True for `?verbose`, alone or among others, with or without a value.
    func asks(_ name: String) -> Bool {
        query.split(separator: "&").contains { $0 == name || $0.hasPrefix(name + "=") }
    }

    /// The decoded value of `NAME=VALUE`; nil if it isn't there or is empty. Of several the first counts.
    func value(of name: String) -> String? {
        let pair = query.split(separator: "&").first { $0.hasPrefix(name + "=") }
        let text = pair?.dropFirst(name.count + 1).percentDecoded
        return text?.isEmpty == false ? text : nil
    }
}

/// What the admin listener answers.
package struct AdminResponse: Sendable, Equatable {
    package var status: Int
    package var contentType: String
    package var body: [UInt8]
    /// The value of the header `allow`, which a 405 must have.
    package var allow: String?

    package init(status: Int = 200, contentType: String, body: [UInt8], allow: String? = nil) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.allow = allow
    }

    /// One or more lines for people.
    package static func text(_ text: String, status: Int = 200) -> AdminResponse {
        AdminResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    /// A JSON value that is written already.
    package static func json(_ body: [UInt8], status: Int = 200) -> AdminResponse {
        AdminResponse(status: status, contentType: "application/json", body: body)
    }
}

/// One address of the admin listener. A room hands its own to Runtime, with the path `/admin/ROOM`.
package struct AdminEndpoint: Sendable {
    package typealias Respond = @Sendable (AdminRequest) async -> AdminResponse

    /// A segment in braces stands for any one, which the request then has as a value of that name.
    package var path: String
    /// `GET` brings `HEAD` with it; any other method is taken as a change.
    package var methods: [String]
    /// A sentence for `GET /admin`.
    package var summary: String
    package var respond: Respond

    package init(_ path: String, methods: [String] = ["GET"], summary: String, respond: @escaping Respond) {
        precondition(path.hasPrefix("/"), "an endpoint's path begins with a slash: \(path)")
        self.path = path
        self.methods = methods
        self.summary = summary
        self.respond = respond
    }

    var hasPlaceholders: Bool { path.contains("{") }

    /// The request with what stands in the place of the braces as values; nil if its path is another.
    func taking(_ request: AdminRequest) -> AdminRequest? {
        let pattern = path.split(separator: "/", omittingEmptySubsequences: false)
        let segments = request.path.split(separator: "/", omittingEmptySubsequences: false)
        guard pattern.count == segments.count else { return nil }
        var query = ""
        for (expected, segment) in zip(pattern, segments) {
            if expected.hasPrefix("{") {
                guard !segment.isEmpty else { return nil }
                query += "\(expected.dropFirst().dropLast())=\(segment)&"
            } else if expected != segment {
                return nil
            }
        }
        var taken = request
        // What the path says comes first, and so counts.
        taken.query = query + request.query
        return taken
    }
}
