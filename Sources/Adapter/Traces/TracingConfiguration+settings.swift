// SPDX-License-Identifier: Apache-2.0

package import Settings

extension TracingConfiguration {
    package static var settings: SettingGroup<TracingConfiguration> {
        SettingGroup(
            "Traces of requests.",
            [
                .setting(
                    "sampling", optional: \.sampling, .part,
                    "The part of new traces that is recorded; without one it is all if there is an endpoint, and no "
                        + "traces are begun if there is none. Whoever began a trace decides about its spans."),
                .setting(
                    "service-name", optional: \.serviceName, .name,
                    "What this sidecar is called in traces; without one it is the app's id.",
                    environment: ["OTEL_SERVICE_NAME"]),
                .group("otlp", \.otlp, OTLPConfiguration.settings),
            ])
    }
}

extension OTLPConfiguration {
    package static var settings: SettingGroup<OTLPConfiguration> {
        SettingGroup(
            "The collector that spans are sent to, by OTLP over HTTP in JSON.",
            [
                .setting(
                    "endpoint", optional: \.endpoint, .otlpEndpoint,
                    "Its URL; `/v1/traces` is added to one without a path. Without one no spans are made.",
                    environment: ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"]),
                .setting(
                    "headers", list: \.headers, .otlpHeader,
                    "What is sent with each request, `NAME=VALUE`, the value percent-encoded.", .secret,
                    environment: ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"]),
            ])
    }
}

extension SettingType where Value == Double {
    /// A part of something, from none of it to all.
    fileprivate static var part: Self {
        SettingType(
            expectation: "a number from 0 to 1", placeholder: "PART", schema: .number(0...1),
            parse: { text in
                // `Double` would also read hexadecimal digits, infinity and what is no number.
                guard text.utf8.allSatisfy({ "0123456789.eE-".utf8.contains($0) }), let number = Double(text),
                    (0...1).contains(number)
                else { return nil }
                return number
            }, text: { "\($0)" })
    }
}

extension SettingType where Value == String {
    fileprivate static var name: Self {
        SettingType(
            expectation: "a name", placeholder: "NAME", schema: .string(pattern: nil),
            parse: { $0.isEmpty ? nil : $0 }, text: { $0 })
    }
}

extension SettingType where Value == OTLPEndpoint {
    fileprivate static var otlpEndpoint: Self {
        SettingType(
            expectation: "an http:// URL such as http://127.0.0.1:4318 (https is not supported)", placeholder: "URL",
            schema: .string(pattern: "^[hH][tT][tT][pP]://.+$"), parse: OTLPEndpoint.init(url:), text: \.description)
    }
}

extension SettingType where Value == OTLPHeader {
    fileprivate static var otlpHeader: Self {
        SettingType(
            expectation: "NAME=VALUE", placeholder: "NAME=VALUE", schema: .string(pattern: "^[^=]+=.*$"),
            parse: OTLPHeader.init(text:), text: { "\($0.name)=\($0.value)" })
    }
}
