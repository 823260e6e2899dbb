// SPDX-License-Identifier: Apache-2.0

import Core
import FoundationEssentials
import HTTPAPI
import Proxying
import TestKit
import Testing
import WireHTTP

@testable import Runtime

/// Documents of `kind: HTTPEndpoint`.
@Suite struct HTTPEndpointDocumentTests {
    private static func document(_ spec: String, name: String = "site") -> String {
        "apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: {name: \(name)}\nspec:\n"
            + spec.split(separator: "\n").map { "  \($0)\n" }.joined()
    }

    private static func problems(_ spec: String) throws -> [String] {
        let folder = try ConfigurationFolder(["e.yaml": document(spec)])
        return folder.problems("-a", "x", "-d", "@/e.yaml").lines
    }

    @Test func `an endpoint has a URL, and fields from the document or the environment`() throws {
        let folder = try ConfigurationFolder([
            "e.yaml": Self.document(
                """
                version: v1
                baseUrl: https://api.example.com/v2
                headers:
                - {name: Accept-Language, value: en-US}
                - {name: X-Key, envRef: KEY}
                - {name: X-App, value: "{appID}"}
                """)
        ])
        let invocation = try folder.invocation("-a", "x", "-d", "@/e.yaml", environment: ["KEY": "k"])
        let endpoint = try #require(invocation.endpoints.first)
        #expect(endpoint.name == "site" && endpoint.url.description == "https://api.example.com:443/v2")
        #expect(endpoint.fields == ["Accept-Language": "en-US", "X-Key": "k", "X-App": "x"])
        #expect(endpoint.tls != nil && invocation.notes == [])
        #expect(invocation.summary.contains("\nendpoints  site (https://api.example.com:443/v2)\n"))
    }

    @Test func `certificates are in the document`() throws {
        let made = try TestCertificates()
        let client = try made.issue("client")
        let text = { (path: String) in
            try String(contentsOfFile: path, encoding: .utf8).replacing("\n", with: "\\n")
        }
        let spec = """
            baseUrl: https://localhost
            clientTLS:
              rootCA: {value: "\(try text(made.authority))"}
              certificate: {value: "\(try text(client.certificate))"}
              privateKey: {value: "\(try text(client.key))"}
              renegotiation: Never
            """
        #expect(try Self.problems(spec) == [])
        let other = try made.issue("other")
        let mixed = spec.replacing(try text(client.key), with: try text(other.key))
        #expect(
            try Self.problems(mixed) == [
                "@/e.yaml:9: spec.clientTLS.privateKey: found another key in what is given, expected that of the first "
                    + "certificate in what is given"
            ])
    }

    @Test(
        arguments: [
            ("version: v1", ["@/e.yaml:5: spec.baseUrl: found nothing, expected text"]),
            (
                "baseUrl: localhost:80",
                [
                    "@/e.yaml:5: spec.baseUrl: found \"localhost:80\", expected an http:// or https:// URL: "
                        + "localhost:80 is no URL such as http://127.0.0.1:8080"
                ]
            ),
            (
                "baseUrl: http://h/?a",
                ["@/e.yaml:5: spec.baseUrl: found \"http://h/?a\", expected an http:// or https:// URL: it has a query"]
            ),
            (
                "baseUrl: http://h\nheaders: [{name: Content-Length, value: 3}]",
                ["@/e.yaml:6: spec.headers.Content-Length: found \"Content-Length\", expected the name of a header"]
            ),
            (
                "baseUrl: http://h\nheaders: [{name: a, value: \"b\\nc\"}]",
                ["@/e.yaml:6: spec.headers.a: found control characters, expected a header's value"]
            ),
            (
                "baseUrl: http://h\nheaders: [{name: a, value: b}, {name: A, value: c}]",
                ["@/e.yaml:6: spec.headers.A: found a second time, expected once; it is at @/e.yaml:6"]
            ),
            (
                "baseUrl: http://h\nheaders: [{name: a, secretKeyRef: {name: b, key: c}}]",
                [
                    "@/e.yaml:6: spec.headers.a: found a secretKeyRef, expected a value or an envRef, as there are no "
                        + "secret stores yet"
                ]
            ),
            (
                "baseUrl: https://h\nclientTLS: {rootCA: {secretKeyRef: {name: b, key: c}}}",
                [
                    "@/e.yaml:6: spec.clientTLS.rootCA.secretKeyRef: found a secretKeyRef, expected a value, as there "
                        + "are no secret stores yet"
                ]
            ),
            (
                "baseUrl: https://h\nclientTLS: {privateKey: {value: c2VjcmV0}}",
                ["@/e.yaml:6: spec.clientTLS.privateKey.value: found something else, expected PEM (-----BEGIN …)"]
            ),
            (
                "baseUrl: https://h\nclientTLS: {privateKey: {value: -----BEGIN PRIVATE KEY-----}}",
                ["@/e.yaml:6: spec.clientTLS.certificate: found nothing, expected the certificate of privateKey"]
            ),
            (
                "baseUrl: https://h\nclientTLS: {renegotiation: FreelyAsClient}",
                [
                    "@/e.yaml:6: spec.clientTLS.renegotiation: found \"FreelyAsClient\", expected Never, as TLS is "
                        + "safe only without it"
                ]
            ),
        ] as [(String, [String])])
    func `what is wrong is said with its place`(spec: String, expected: [String]) throws {
        #expect(try Self.problems(spec) == expected)
    }

    @Test func `two endpoints of one name are a problem, unknown keys and idle TLS are warnings`() throws {
        let one = Self.document("baseUrl: http://h\nclientTLS: {rootCA: {value: x}}\nbase: 3")
        let folder = try ConfigurationFolder(["e.yaml": one + "---\n" + one, "f.yaml": one])
        #expect(
            folder.problems("-a", "x", "-d", "@/e.yaml").lines == [
                "@/e.yaml:9: metadata.name: found a second HTTPEndpoint \"site\", expected one; the first is at "
                    + "@/e.yaml:1"
            ])
        let notes = try folder.invocation("-a", "x", "-d", "@/f.yaml").notes
        #expect(notes.count == 2)
        #expect(notes.contains { $0.hasSuffix("spec.clientTLS: found TLS for an http:// URL; it is left out") })
    }
}
