// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Proxying
import Sidecar
import Testing

@testable import Runtime

/// HTTPS in front of the app, as somebody writes it down.
struct HTTPSSettingsTests {
    private func problems(_ yaml: String, _ flags: String...) throws -> [String] {
        let folder = try ConfigurationFolder(["o.yaml": "api: {enabled: false}\n" + yaml])
        return folder.problems(["-c", "@/o.yaml", "-p", "8080"] + flags).lines
    }

    @Test(
        "authorities of clients that aren't there are found, although the certificate is only made at the start",
        arguments: [
            ("https: {listen: 8443, tls: {ca: @/none.pem}}", "https.tls.ca"),
            (
                "ambassador: {http: {web: {tls: {self-signed: true, ca: @/none.pem}, "
                    + "routes: {a: {to: v}}, upstreams: {v: {servers: [b:1]}}}}}", "ambassador.http.web.tls.ca"
            ),
            (
                "ambassador: {redis: {cache: {client-tls: {self-signed: true, ca: @/none.pem}, servers: {a: 'a:1'}}}}",
                "ambassador.redis.cache.client-tls.ca"
            ),
        ])
    func authorities(yaml: String, key: String) throws {
        let lines = try problems(yaml.replacing("@", with: "/nowhere"))
        #expect(lines.count == 1)
        #expect(lines.first?.contains(": \(key): ") == true, "\(lines)")
    }

    @Test func `a certificate without its key is a problem, and what needs a certificate has one`() throws {
        let lines = try problems("https: {listen: 8443, tls: {certificate: /nowhere.pem}}")
        #expect(lines.count == 1)
        #expect(lines.first?.contains("https.tls.key: found nothing") == true, "\(lines)")
        #expect(try problems("https: {listen: 8443, tls: {minimum-version: '1.3'}}") == [])
    }

    @Test func `an address that is taken is a problem`() throws {
        let redirect = try problems("", "--https", "127.0.0.1:8443", "--http-redirect", "127.0.0.1:8443")
        #expect(
            redirect == [
                "flag --http-redirect: https.redirect: found 127.0.0.1:8443, which is https.listen, too; "
                    + "expected another address"
            ])
        let web = "listen: 127.0.0.1:8443, routes: {a: {to: v}}, upstreams: {v: {servers: [b:1]}}"
        let proxy = try problems("ambassador: {http: {web: {\(web)}}}", "--https", "127.0.0.1:8443")
        #expect(proxy.count == 1)
        let expected = "ambassador.http.web.listen: found 127.0.0.1:8443, which is https.listen, too"
        #expect(proxy.first?.contains(expected) == true, "\(proxy)")
        #expect(try problems("", "--https", "0", "--http-redirect", "0") == [])
    }

    @Test func `the summary has what listens for it`() throws {
        let flags = ["-a", "x", "-p", "8080", "--https", "127.0.0.1:8443", "--http-redirect", "127.0.0.1:8080"]
        let summary = try ConfigurationFolder().invocation(flags).summary
        #expect(summary.contains("\nhttp       https on 127.0.0.1:8443, 1 routes, 1 upstreams\n"))
        #expect(summary.hasSuffix("\nhttp       http-redirect on 127.0.0.1:8080, 0 routes, 0 upstreams"))
    }

    @Test func `what is said of a proxy names the key under which it is written, whatever it is called`() throws {
        var configuration = Configuration()
        configuration.ambassador.http["https"] = HTTPProxyConfiguration()
        configuration.ambassador.http["https"]?.tls.selfSigned = true
        var own = configuration.ambassador
        let keys = try own.giveCertificates { try DevelopmentCertificate(unkept: "") }.keys
        #expect(keys == ["ambassador.http.https.tls"])
        let yaml = "{https: {tls: {key: /none.pem}, routes: {a: {to: v}}, upstreams: {v: {servers: [b:1]}}}}"
        let lines = try problems("ambassador: {http: \(yaml)}")
        #expect(lines.count == 1)
        #expect(lines.first?.contains(": ambassador.http.https.tls.certificate: found nothing") == true, "\(lines)")

        configuration.ambassador.http = [:]
        configuration.https.listen = HTTPSAddress(text: "8443")
        configuration.app.port = 8080
        var made = configuration.wholeAmbassador
        #expect(try made.giveCertificates { try DevelopmentCertificate(unkept: "") }.keys == ["https.tls"])
    }
}
