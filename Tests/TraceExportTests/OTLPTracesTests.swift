// SPDX-License-Identifier: Apache-2.0

import Core
import Telemetry
import TestKit
import Testing
import TraceExport

@Suite struct OTLPTracesTests {
    @Test func `a batch is OTLP's JSON`() {
        let root = TraceContext(
            traceID: .init(high: 0x0af7_6519_16cd_43dd, low: 0x8448_eb21_1c80_319c), spanID: 0x00ad_6b71_6920_3331,
            flags: [.sampled])
        var child = root
        child.spanID = 1
        child.state = "congo=t61rcWkgMzE"
        child.flags = [.sampled, .random]
        let spans = [
            TraceSpan(
                "POST orders/checkout", .client, root, parentID: nil, start: 1_700_000_000_000_000_001,
                end: 1_700_000_000_000_001_001),
            TraceSpan(
                "POST /checkout \"now\"", .server, child, parentID: root.spanID, start: 1_700_000_000_000_000_101,
                end: 1_700_000_000_000_000_901, status: .failed("status 500"),
                attributes: [.init("http.request.method", "POST"), .init("http.response.status_code", 500)]
                    + (0..<TraceSpan.attributesMax).map { .init("k\($0)", $0) }),
        ]
        let json = OTLPTraces.json(spans, of: TraceResource(serviceName: "cart", namespace: "shop"))
        expectGolden(
            String(decoding: json, as: UTF8.self).replacing(Version.outrigger, with: "VERSION") + "\n",
            at: "Tests/TraceExportTests/Golden/traces.json")
    }

    @Test(
        "an endpoint is an http URL; OTLP's path is added where there is none",
        arguments: [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://collector:4318/", "http://collector:4318/v1/traces"),
            ("HTTP://collector", "http://collector:80/v1/traces"),
            ("http://[::1]:4318/otlp?key=1", "http://[::1]:4318/otlp?key=1"),
            ("http://[::1]", "http://[::1]:80/v1/traces"), ("http://c?key=1", "http://c:80/v1/traces?key=1"),
        ])
    func endpoints(_ row: (url: String, endpoint: String)) {
        #expect(OTLPEndpoint(url: row.url)?.description == row.endpoint)
    }

    @Test(
        "anything else is no endpoint",
        arguments: [
            "", "collector:4318", "https://collector", "ftp://c", "http://", "http:///v1/traces", "http://c:0",
            "http://c:65536", "http://user:pass@c", "http://c/a b", "http://c/#a", "http://c\r\n", "http://c:x",
        ])
    func wrongEndpoints(_ url: String) {
        #expect(OTLPEndpoint(url: url) == nil)
    }

    @Test(
        "a header is NAME=VALUE with its value percent-encoded",
        arguments: [
            ("api-key=secret", ("api-key", "secret")), (" a = b=c ", ("a", "b=c")), ("a=", ("a", "")),
            ("Authorization=Basic%20YTpi%C3%A9", ("Authorization", "Basic YTpié")),
        ])
    func headers(_ row: (text: String, header: (String, String))) throws {
        let header = try #require(OTLPHeader(text: row.text))
        #expect((header.name, header.value) == row.header)
    }

    @Test(
        "anything else is no header",
        arguments: ["", "a", "=b", "a b=c", "a:=c", "a=%", "a=%2", "a=%zz", "a=%+1", "a=%0d%0ab", "a=%ff", "é=a"])
    func wrongHeaders(_ text: String) {
        #expect(OTLPHeader(text: text) == nil)
    }
}
