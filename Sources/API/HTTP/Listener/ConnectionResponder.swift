// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Telemetry

/// What every listener does around the answer to one request: counting, `100 Continue`, and the end of the connection.
struct ConnectionResponder: Sendable {
    var limits: HTTPListenerLimits
    var inFlight: InFlightRequests
    var logger: Logger
    var respond: HTTPListener.Responder

    @concurrent
    func answer(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let isRefused = try await write(request, writer)
        if isRefused {
            try await close(channel, after: request)
        } else if request.asksToClose {
            // An error means that the peer has gone already, which is what is wanted.
            try? await channel.close(mode: .output)
        }
    }

    /// Answers, and says whether the body was refused unread. The request is in flight until here: what is left of it
    /// holds up no shutdown.
    @concurrent
    private func write(_ request: Request, _ writer: consuming ResponseWriter) async throws -> Bool {
        inFlight.begin()
        defer { inFlight.end() }
        if request.headers[.expect] == "100-continue" {
            try await writer.writeInformationalHead(.init(status: .continue))
        }
        var response = await response(to: request)
        let isRefused = response.headers[.connection] == "close"
        if request.asksToClose { response.headers[.connection] = "close" }
        response.headers[.date] = DateHeader.now
        // An answer to HEAD has the headers of the one to GET, and no body (RFC 9110, section 9.3.2).
        if request.method == .head { response = response.createHeadResponse() }
        try await writer.write(response: response.head, body: response.body)
        return isRefused
    }

    private func response(to request: Request) async -> Response {
        do {
            return try await respond(request)
        } catch {
            logger.emit(.requestFailed(method: request.method.rawValue, error: error))
            return Response(status: .internalServerError)
        }
    }

    /// Ends the connection of a request whose body wasn't read, so that the peer still reads the answer: a socket that
    /// is closed with unread bytes is reset.
    private func close(_ channel: any Channel, after request: Request) async throws {
        // An error means that the peer has gone already, which is what is wanted.
        try? await channel.close(mode: .output)
        var dropped = 0
        for try await part in request.body {
            dropped += part.readableBytes
            if dropped > limits.refusedBytesMax { break }
        }
        try await channel.close()
    }
}

extension Request {
    /// Whether the client wants no further request on this connection.
    fileprivate var asksToClose: Bool {
        guard let connection = headers[.connection] else { return false }
        return connection.lowercased() == "close"
    }
}
