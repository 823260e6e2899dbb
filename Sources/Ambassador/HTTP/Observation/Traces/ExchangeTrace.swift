// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import Telemetry

/// The spans of one request whose trace is recorded: its own, as a server's, and below it one for each try, as a
/// client's; in the words that OpenTelemetry has for HTTP.
///
/// It belongs to an event loop. Requests that aren't recorded have none, so that they cost nothing.
final class ExchangeTrace {
    /// What is known when the request comes.
    struct Request {
        /// As OpenTelemetry groups by it: `HTTP` stands for one that isn't known.
        var methodName: String
        var attributes: [TraceSpan.Attribute]
    }

    private let tracer: Tracer
    private let span: ActiveSpan
    private let request: Request
    private var ongoing: ActiveSpan?
    private var tries = 0
    /// Where in the request as it is sent the span's id stands that servers are told; nil: they are told none.
    private var place: Int?

    init(_ span: ActiveSpan, _ request: Request, _ tracer: Tracer) {
        self.tracer = tracer
        self.span = span
        self.request = request
    }

    /// What belongs to the request carries this on.
    var context: TraceContext { span.context }

    /// Keeps where `traceparent`, the last field of a head, has the span's id.
    ///
    /// - Parameter end: the head's.
    func noteHead(endingAt end: Int) { place = end - (2 + 2 + 3 + Self.idDigits) }

    private static let idDigits = 16

    /// Begins a try, and tells the server of it: each try has an id of its own. What is copied from the head before,
    /// as a mirror's requests are, belongs to the request itself.
    func beginTry(_ sent: inout ByteBuffer) {
        let attempt = tracer.begin(.client, under: span.context)
        ongoing = attempt
        tries += 1
        if let place { sent.setString(attempt.context.spanID.hexadecimal, at: place) }
    }

    func endTry(_ outcome: ExchangeOutcome, _ upstream: Upstream, _ endpoint: Endpoint) {
        guard let attempt = ongoing else { return }
        ongoing = nil
        guard attempt.isRecorded else { return }
        var attributes = [
            TraceSpan.Attribute("http.request.method", request.methodName),
            TraceSpan.Attribute("server.address", endpoint.identity.address.ipAddress ?? endpoint.text),
            TraceSpan.Attribute("outrigger.upstream", upstream.name),
        ]
        if let port = endpoint.identity.address.port { attributes.append(TraceSpan.Attribute("server.port", port)) }
        if tries > 1 { attributes.append(TraceSpan.Attribute("http.request.resend_count", tries - 1)) }
        attributes += outcome.attributes
        attempt.end("\(request.methodName) \(upstream.name)", status: outcome.spanStatus, attributes)
    }

    /// Ends the request's own span.
    ///
    /// - Parameter status: what the client got; 0 if that was nothing.
    func end(proxy: String, route: Route?, upstream: Upstream?, status: Int, origin: ExchangeOrigin) {
        guard span.isRecorded else { return }
        var attributes = request.attributes
        attributes.append(TraceSpan.Attribute("outrigger.proxy", proxy))
        var name = request.methodName
        if let route {
            let pattern = route.configuration.match.path.description
            name += " \(pattern)"
            attributes.append(TraceSpan.Attribute("http.route", pattern))
            attributes.append(TraceSpan.Attribute("outrigger.route", route.name))
        }
        if let upstream { attributes.append(TraceSpan.Attribute("outrigger.upstream", upstream.name)) }
        attributes.append(TraceSpan.Attribute("outrigger.origin", "\(origin.name)"))
        if status > 0 { attributes.append(TraceSpan.Attribute("http.response.status_code", status)) }
        let hasFailed = status == 0 || status >= 500
        span.end(name, status: hasFailed ? .failed("status \(status)") : .unset, attributes)
    }
}

extension ExchangeOutcome {
    /// Why there was no answer; nil if there was one.
    private var failure: String? {
        switch self {
        case .answered: nil
        case .connectFailed: "connection failed"
        case .reset: "connection ended"
        case .timedOut: "timeout"
        case .malformed: "malformed answer"
        case .abandoned: "abandoned"
        }
    }

    fileprivate var attributes: [TraceSpan.Attribute] {
        if case .answered(let status) = self { return [TraceSpan.Attribute("http.response.status_code", status)] }
        return failure.map { [TraceSpan.Attribute("error.type", $0)] } ?? []
    }

    /// A client's request has failed from 400 on (OpenTelemetry's HTTP conventions).
    fileprivate var spanStatus: TraceSpan.Status {
        if case .answered(let status) = self { return status >= 400 ? .failed("status \(status)") : .unset }
        return failure.map { .failed($0) } ?? .unset
    }
}
