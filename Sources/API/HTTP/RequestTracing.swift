// SPDX-License-Identifier: Apache-2.0

import AppInvocation
import Proxying
import Telemetry
import WireHTTP

/// The spans of requests, in the words that OpenTelemetry has for HTTP.
///
/// A request has one span in each sidecar that it passes; it ends with the head of the answer. What goes on from there,
/// to another sidecar, the app or a topic, carries the span in its own fields, where whoever passes it on finds it:
/// `request.head.fields.traceContext`.
struct RequestTracing: Sendable {
    let tracer: Tracer

    /// Whether requests of a route have a place in a trace. Where nothing is recorded and nothing goes on, not even
    /// their fields are looked at. Probes would fill every collector.
    func concerns(_ route: Route) -> Bool {
        switch route {
        case .invoke: tracer.isOn
        // What is published carries a trace to whoever gets it, as Dapr's events do.
        case .publish, .publishBulk: true
        case .health, .outboundHealth: false
        case .getState, .saveState, .bulkGetState, .transactState, .queryState, .metadata, .setMetadata, .shutdown,
            .unimplemented, .unknown:
            tracer.isRecording
        }
    }

    /// Begins the span of a request to the API, and puts it into the fields of one that goes on.
    func begin(_ request: inout HTTPRequest, _ route: Route) -> ActiveSpan {
        switch route {
        case .invoke: begin(&request, .client, goesOn: true)
        case .publish, .publishBulk: begin(&request, .producer, goesOn: true)
        default: begin(&request, .server, goesOn: false)
        }
    }

    /// Begins the span of a request from another sidecar to the app.
    func beginInternal(_ request: inout HTTPRequest) -> ActiveSpan? {
        tracer.isOn ? begin(&request, .server, goesOn: true) : nil
    }

    private func begin(_ request: inout HTTPRequest, _ kind: TraceSpan.Kind, goesOn: Bool) -> ActiveSpan {
        let parent = request.head.fields.traceContext
        let span = tracer.begin(kind, under: parent)
        if goesOn, span.context != parent { request.head.fields.setTraceContext(span.context) }
        return span
    }

    /// Ends the span of a request to the API. The caller learns its place in the trace, as from Dapr.
    func end(_ span: ActiveSpan, _ request: HTTPRequest, _ target: RequestTarget, _ response: inout HTTPResponse) {
        response.fields.addTraceParent(span.context)
        guard span.isRecorded else { return }
        let method = request.head.method.name
        var attributes = Self.attributes(request, response)
        attributes.append(TraceSpan.Attribute("http.route", target.route.rawValue))
        if target.route == .invoke {
            let path = target.key.withoutQuery
            attributes.append(TraceSpan.Attribute("peer.service", target.name))
            attributes.append(TraceSpan.Attribute("url.path", path))
            let status = Self.status(response, failsFrom: 400)
            response.end(SpanEnd(span, "\(method) \(target.name)\(path)", status, attributes))
        } else {
            if !target.name.isEmpty { attributes.append(TraceSpan.Attribute("outrigger.name", target.name)) }
            let status = Self.status(response, failsFrom: 500)
            response.end(SpanEnd(span, "\(method) \(target.route.rawValue)", status, attributes))
        }
    }

    /// Ends the span of a request from another sidecar.
    func endInternal(_ span: ActiveSpan?, _ request: HTTPRequest, _ response: inout HTTPResponse) {
        guard let span, span.isRecorded else { return }
        let path = request.head.target.withoutQuery
        var attributes = Self.attributes(request, response)
        attributes.append(TraceSpan.Attribute("url.path", path))
        if let caller = request.head.fields[InternalField.callerAppID] {
            attributes.append(TraceSpan.Attribute("outrigger.caller", caller))
        }
        let status = Self.status(response, failsFrom: 500)
        response.end(SpanEnd(span, "\(request.head.method.name) \(path)", status, attributes))
    }

    private static func attributes(_ request: HTTPRequest, _ response: HTTPResponse) -> [TraceSpan.Attribute] {
        [
            TraceSpan.Attribute("http.request.method", request.head.method.name),
            TraceSpan.Attribute("http.response.status_code", response.status.code),
        ]
    }

    /// A client's request has failed from 400 on, a server's from 500 on (OpenTelemetry's HTTP conventions).
    private static func status(_ response: HTTPResponse, failsFrom limit: Int) -> TraceSpan.Status {
        response.status.code >= limit ? .failed("status \(response.status.code)") : .unset
    }
}

extension String {
    /// A query may hold what is nobody's business; a path is shown.
    fileprivate var withoutQuery: String { String(prefix { $0 != "?" }) }
}
