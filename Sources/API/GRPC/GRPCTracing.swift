// SPDX-License-Identifier: Apache-2.0

import NIOHPACK
import Proxying
import Telemetry
import WireGRPC

/// The spans of calls, in the words that OpenTelemetry has for RPC. A call has one span in each sidecar that it passes,
/// from its head to its end.
struct GRPCTracing: Sendable {
    let tracer: Tracer

    /// Begins the span of a call, and puts it into the head that goes on; nil where there are no traces.
    func begin(_ kind: TraceSpan.Kind, _ head: inout HPACKHeaders) -> ActiveSpan? {
        guard tracer.isOn else { return nil }
        let parent = head.traceContext
        let span = tracer.begin(kind, under: parent)
        if span.context != parent { head.setTraceContext(span.context) }
        return span
    }

    /// Ends it. `peer`: the app that was called; `caller`: the app that called.
    func end(
        _ span: ActiveSpan?, _ head: HPACKHeaders, _ code: GRPCStatus.Code, peer: String? = nil, caller: String? = nil
    ) {
        guard let span, span.isRecorded else { return }
        let path = head.grpcPath
        let names = path.split(separator: "/", maxSplits: 1).map(String.init)
        var attributes = [
            TraceSpan.Attribute("rpc.system", "grpc"),
            TraceSpan.Attribute("rpc.grpc.status_code", code.rawValue),
        ]
        if names.count == 2 {
            attributes.append(TraceSpan.Attribute("rpc.service", names[0]))
            attributes.append(TraceSpan.Attribute("rpc.method", names[1]))
        }
        if let peer { attributes.append(TraceSpan.Attribute("peer.service", peer)) }
        if let caller { attributes.append(TraceSpan.Attribute("outrigger.caller", caller)) }
        span.end(path, status: code == .ok ? .unset : .failed(code.name), attributes)
    }
}
