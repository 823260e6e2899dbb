// SPDX-License-Identifier: Apache-2.0

import Core
import Runtime
import Settings
import Testing
import TraceExport

@Suite struct TracingSettingsTests {
    private static func document(_ tracing: String, more: String = "") -> String {
        "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {name: a}\nspec:\n"
            + "  tracing: \(tracing)\n" + more
    }

    @Test func `traces are set in the file`() throws {
        let folder = try ConfigurationFolder([
            "o.yaml": """
            app: {id: a}
            tracing: {sampling: 0.25, service-name: shop, otlp: {endpoint: "http://c:4318", headers: [a=b%20c]}}
            """
        ])
        let tracing = try folder.invocation("-c", "@/o.yaml").loaded.configuration.tracing
        #expect(tracing.sampling == 0.25 && tracing.serviceName == "shop")
        #expect(tracing.otlp.endpoint == OTLPEndpoint(url: "http://c:4318/v1/traces"))
        #expect(tracing.otlp.headers.map(\.value) == ["b c"])
    }

    @Test func `OpenTelemetry's own names of the environment count, ours win`() throws {
        var environment = [
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SERVICE_NAME": "shop",
            "OTEL_EXPORTER_OTLP_HEADERS": "a=b,c=d",
        ]
        let folder = try ConfigurationFolder()
        var tracing = try folder.invocation("-a", "x", environment: environment).loaded.configuration.tracing
        #expect(tracing.serviceName == "shop" && tracing.sampling == nil && tracing.otlp.headers.count == 2)
        #expect(tracing.otlp.endpoint?.description == "http://c:4318/v1/traces")
        environment["OUTRIGGER_TRACING_OTLP_ENDPOINT"] = "http://d:1/x"
        tracing = try folder.invocation("-a", "x", environment: environment).loaded.configuration.tracing
        #expect(tracing.otlp.endpoint?.description == "http://d:1/x")
    }

    @Test(
        "a wrong value is a problem that says what is expected",
        arguments: [
            ("sampling: 2", "tracing.sampling: found \"2\", expected a number from 0 to 1"),
            ("sampling: 0x1", "tracing.sampling: found \"0x1\", expected a number from 0 to 1"),
            ("sampling: nan", "tracing.sampling: found \"nan\", expected a number from 0 to 1"),
            (
                "otlp: {endpoint: https://c}",
                "tracing.otlp.endpoint: found \"https://c\", expected an http:// URL such as http://127.0.0.1:4318 "
                    + "(https is not supported)"
            ),
            ("otlp: {headers: [secret]}", "tracing.otlp.headers: found a value, expected a list, each NAME=VALUE"),
        ])
    func problems(_ row: (text: String, problem: String)) throws {
        let folder = try ConfigurationFolder(["o.yaml": "app: {id: a}\ntracing: {\(row.text)}\n"])
        let (lines, status) = folder.problems("-c", "@/o.yaml")
        #expect(lines.count == 1 && lines.first?.hasSuffix(row.problem) == true, "\(lines)")
        #expect(status == 78)
    }

    @Test func `Dapr's Configuration gives the rate and the collector`() throws {
        let folder = try ConfigurationFolder([
            "d.yaml": Self.document(
                #"{samplingRate: "0.5", otel: {endpointAddress: "c:4318", isSecure: false, protocol: http}}"#)
        ])
        let invocation = try folder.invocation("-a", "x", "-c", "@/d.yaml")
        #expect(invocation.loaded.configuration.tracing.sampling == 0.5)
        let endpoint = invocation.loaded.configuration.tracing.otlp.endpoint
        #expect(endpoint?.description == "http://c:4318/v1/traces")
        #expect(invocation.notes == [])
    }

    @Test func `what is said elsewhere wins over Dapr's Configuration, and the rest of it is said to be unused`() throws
    {
        let otel = #"{endpointAddress: "http://c:4318/x", isSecure: false, protocol: http}"#
        let folder = try ConfigurationFolder([
            "d.yaml": Self.document(#"{samplingRate: "1", otel: \#(otel)}"#, more: "  metric: {enabled: true}\n"),
            "o.yaml": "tracing: {sampling: 0.125}\n",
        ])
        let invocation = try folder.invocation("-a", "x", "-c", "@/o.yaml", "-c", "@/d.yaml")
        #expect(invocation.loaded.configuration.tracing.sampling == 0.125)
        #expect(invocation.loaded.configuration.tracing.otlp.endpoint?.description == "http://c:4318/x")
        let notice = "of which Outrigger uses spec.tracing and spec.accessControl only"
        #expect(invocation.notes.map { $0.hasSuffix(notice) } == [true])
    }

    @Test(
        "what Dapr can do and Outrigger can't is left out with a warning",
        arguments: [
            (#"{zipkin: {endpointAddress: "http://c:9411/api/v2/spans"}}"#, ["spec.tracing.zipkin: "]),
            ("{stdout: true}", ["spec.tracing.stdout: "]), ("{stdout: false}", []), ("", []),
            (#"{samplingRate: ""}"#, []), ("{otel: {}}", []), ("{unknown: 1}", ["spec.tracing.unknown: "]),
            (#"{otel: {endpointAddress: "c:1", isSecure: false, protocol: grpc}}"#, ["found \"grpc\", expected http"]),
            (#"{otel: {endpointAddress: "c:1", isSecure: false}}"#, ["found nothing, expected http"]),
            (#"{otel: {endpointAddress: "c:1", isSecure: true, protocol: http}}"#, ["found true, expected false"]),
            (#"{otel: {endpointAddress: "c:1", protocol: http}}"#, ["found nothing, which means true"]),
            (#"{otel: {endpointAddress: "c:1", isSecure: false, protocol: http, headers: a}}"#, ["otel.headers: "]),
        ])
    func warnings(_ row: (tracing: String, warnings: [String])) throws {
        let folder = try ConfigurationFolder(["d.yaml": Self.document(row.tracing)])
        let invocation = try folder.invocation("-a", "x", "-c", "@/d.yaml")
        #expect(invocation.notes.count == row.warnings.count, "\(invocation.notes)")
        for (note, warning) in zip(invocation.notes, row.warnings) { #expect(note.contains(warning)) }
    }

    @Test(
        "what means nothing in Dapr's Configuration is a problem",
        arguments: [
            (#"{samplingRate: "often"}"#, "tracing.sampling: found \"often\""),
            ("[]", "spec.tracing: found a list, expected a table"),
            (
                #"{otel: {endpointAddress: "https://c", isSecure: false, protocol: http}}"#,
                "tracing.otlp.endpoint: found \"https://c\""
            ),
            ("{otel: {isSecure: maybe}}", "spec.tracing.otel.isSecure: found \"maybe\""),
        ])
    func daprProblems(_ row: (tracing: String, problem: String)) throws {
        let folder = try ConfigurationFolder(["d.yaml": Self.document(row.tracing)])
        let (lines, _) = folder.problems("-a", "x", "-c", "@/d.yaml")
        #expect(lines.count == 1 && lines.first?.contains(row.problem) == true, "\(lines)")
    }
}
