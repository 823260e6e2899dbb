// SPDX-License-Identifier: Apache-2.0

import Core
package import Telemetry

/// Who makes the spans, as every batch says (OpenTelemetry's resource).
package struct TraceResource: Sendable, Equatable {
    package var serviceName: String
    package var namespace: String

    package init(serviceName: String, namespace: String) {
        self.serviceName = serviceName
        self.namespace = namespace
    }
}

/// A batch of spans as OTLP writes it in JSON: an `ExportTraceServiceRequest` by protobuf's JSON mapping, but for ids,
/// which are hexadecimal. Integers of 64 bits are strings there.
package enum OTLPTraces {
    package static func json(_ spans: [TraceSpan], of resource: TraceResource) -> [UInt8] {
        var json = JSONWriter(capacity: 512 + spans.count * 768)
        json.inObject { json in
            json.inArray("resourceSpans") { json in
                json.inObject { json in
                    json.key("resource")
                    json.inObject { $0.attributes(resource.attributes) }
                    json.inArray("scopeSpans") { json in
                        json.inObject { json in
                            json.key("scope")
                            json.inObject { json in
                                json.field("name", "outrigger")
                                json.field("version", Version.outrigger)
                            }
                            json.inArray("spans") { json in
                                for span in spans { json.span(span) }
                            }
                        }
                    }
                }
            }
        }
        return json.bytes
    }
}

extension TraceResource {
    fileprivate var attributes: [TraceSpan.Attribute] {
        [
            TraceSpan.Attribute("service.name", serviceName),
            TraceSpan.Attribute("service.namespace", namespace),
            TraceSpan.Attribute("telemetry.sdk.language", "swift"),
            TraceSpan.Attribute("telemetry.sdk.name", "outrigger"),
            TraceSpan.Attribute("telemetry.sdk.version", Version.outrigger),
        ]
    }
}

extension JSONWriter {
    fileprivate mutating func inObject(_ body: (inout JSONWriter) -> Void) {
        beginObject()
        body(&self)
        endObject()
    }

    fileprivate mutating func inArray(_ name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        beginArray()
        body(&self)
        endArray()
    }

    fileprivate mutating func span(_ span: TraceSpan) {
        inObject { json in
            json.field("traceId", span.context.traceID.high.hexadecimal + span.context.traceID.low.hexadecimal)
            json.field("spanId", span.context.spanID.hexadecimal)
            if let parentID = span.parentID { json.field("parentSpanId", parentID.hexadecimal) }
            if !span.context.state.isEmpty { json.field("traceState", span.context.state) }
            json.field("flags", Int(span.context.flags.rawValue))
            json.field("name", span.name)
            json.field("kind", span.kind.rawValue)
            json.field("startTimeUnixNano", "\(span.start)")
            json.field("endTimeUnixNano", "\(span.end)")
            json.attributes(span.attributes)
            if span.droppedAttributes > 0 { json.field("droppedAttributesCount", span.droppedAttributes) }
            guard case .failed(let reason) = span.status else { return }
            json.key("status")
            json.inObject { json in
                json.field("code", 2)
                json.field("message", reason)
            }
        }
    }

    fileprivate mutating func attributes(_ attributes: [TraceSpan.Attribute]) {
        if attributes.isEmpty { return }
        inArray("attributes") { json in
            for attribute in attributes {
                json.inObject { json in
                    json.field("key", attribute.key)
                    json.key("value")
                    json.inObject { json in
                        switch attribute.value {
                        case .text(let text): json.field("stringValue", text)
                        case .integer(let integer): json.field("intValue", "\(integer)")
                        }
                    }
                }
            }
        }
    }
}
