// SPDX-License-Identifier: Apache-2.0

/// Which requests are traced, and where their spans go.
package struct TracingConfiguration: Sendable, Equatable {
    /// The part of new traces that is recorded. Nil: all if there is an endpoint, else none are begun.
    package var sampling: Double? = nil
    /// What the sidecar is called in traces. Nil: the app's id.
    package var serviceName: String? = nil
    package var otlp = OTLPConfiguration()

    package init() {}
}

/// The collector, which speaks OpenTelemetry's protocol over HTTP.
package struct OTLPConfiguration: Sendable, Equatable {
    /// Nil: this sidecar records no spans.
    package var endpoint: OTLPEndpoint? = nil
    package var headers: [OTLPHeader] = []

    package init() {}
}
