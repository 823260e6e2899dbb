// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import Telemetry
import WireHTTP

/// A request's part in a trace.
///
/// A trace that its maker doesn't record goes through unchanged, and one that begins here unrecorded is told to the
/// server and forgotten: neither takes memory.
extension HTTPProxyClient {
    func beginTrace(_ bytes: ByteBuffer, _ tracer: Tracer) {
        let parent = loop.requestScan.traceContext(bytes.readableBytesUInt8Span)
        let span = tracer.begin(.server, under: parent)
        guard span.context != parent else { return }
        if span.context.isSampled {
            exchange.trace = ExchangeTrace(span, tracedRequest(bytes.readableBytesUInt8Span), tracer)
        } else {
            exchange.isUntraced = true
        }
    }

    private func tracedRequest(_ bytes: borrowing Span<UInt8>) -> ExchangeTrace.Request {
        let scan = loop.requestScan
        let method = bytes.text(scan.method)
        var attributes = [
            TraceSpan.Attribute("http.request.method", method),
            TraceSpan.Attribute("url.path", bytes.text(scan.path)),
            TraceSpan.Attribute("url.scheme", isSecure ? "https" : "http"),
        ]
        if let host = scan.host {
            attributes.append(TraceSpan.Attribute("server.address", bytes.text(host).withoutPort))
        }
        let client = forwarded.client(scan, bytes).map { bytes.text($0) } ?? address?.ipAddress
        if let client { attributes.append(TraceSpan.Attribute("client.address", client)) }
        return ExchangeTrace.Request(
            methodName: RetryMethod(rawValue: method) == nil && method != "CONNECT" ? "HTTP" : method,
            attributes: attributes)
    }

    /// What the server is told of the trace; nil: what the client said, or what the route says instead.
    func contextToPassOn(_ route: Route) -> TraceContext? {
        guard !route.requestEdits.drops("traceparent".utf8.span) else { return nil }
        if let trace = exchange.trace { return trace.context }
        return exchange.isUntraced ? TraceContext.root { _ in false } : nil
    }

    func beginTry(in trace: ExchangeTrace) { trace.beginTry(&exchange.sent) }

    func end(_ trace: ExchangeTrace, of exchange: HTTPProxyExchange) {
        trace.end(
            proxy: loop.name, route: exchange.route, upstream: exchange.upstream, status: exchange.status,
            origin: exchange.origin)
    }
}

extension String {
    /// A host without what follows its last colon, but for one within an address of IPv6.
    fileprivate var withoutPort: String {
        guard last != "]", let colon = lastIndex(of: ":") else { return self }
        return String(self[..<colon])
    }
}
