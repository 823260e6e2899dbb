// SPDX-License-Identifier: Apache-2.0

import Logging
import Sidecar
import Telemetry
import TraceExport

/// How the sidecar takes part in traces.
struct Tracing: Sendable {
    let tracer: Tracer
    /// Nil if no spans are made.
    let exporter: SpanExporter?

    init(_ configuration: Configuration, _ logger: Logger) {
        let tracing = configuration.tracing
        guard let endpoint = tracing.otlp.endpoint else {
            (tracer, exporter) = (tracing.sampling.map { Tracer(nil, rate: $0) } ?? .off, nil)
            return
        }
        let queue = SpanQueue()
        tracer = Tracer(queue, rate: tracing.sampling ?? 1)
        exporter = SpanExporter(
            queue, to: endpoint, headers: tracing.otlp.headers,
            resource: TraceResource(
                serviceName: tracing.serviceName ?? configuration.app.id ?? "outrigger",
                namespace: configuration.app.namespace),
            eventLoopGroup: Listeners.eventLoops, logger: logger)
    }
}
