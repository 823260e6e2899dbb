// SPDX-License-Identifier: Apache-2.0

import Core
import Logging
import NIOCore
import Proxying
import Synchronization
import TestKit
import Testing
import WireHTTP

@testable import HTTPAPI

/// Servers outside, by their URL and by the name of an endpoint.
@Suite(.timeLimit(.minutes(1))) struct HTTPEndpointTests {
    private static let made = Result { try TestCertificates() }
    private static let loops = EpollEventLoopGroup.singleton

    /// A server outside, which says how it was called.
    private static func withServer(
        isSecure: Bool, _ body: (_ port: Int) async throws -> Void
    ) async throws {
        var tls: TLSServer?
        if isSecure {
            let issued = try made.get().issue("outside")
            var configuration = TLSServerConfiguration()
            (configuration.certificate, configuration.key) = (issued.certificate, issued.key)
            tls = try TLSServer(configuration, TLSSource(key: "tls") { _ in nil })
        }
        let listener = HTTPListener(
            address: ListenAddress(host: "127.0.0.1", port: 0), tls: tls, eventLoopGroup: loops,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { request in
            let fields = request.head.fields
            let shown = ["x-token", "x-mine", "dapr-caller-app-id", "dapr-app-id"].map { fields[$0] ?? "-" }
            return .text(.ok, "\(request.head.target) \(shown.joined(separator: " "))")
        }
        let port = try await listener.bind()
        do { try await body(port) } catch {
            await listener.stop()
            throw error
        }
        await listener.stop()
    }

    private static func run(
        _ endpoints: [HTTPEndpoint], _ body: (HTTPClient) async throws -> Void
    ) async throws {
        let invoker = Invoker(
            appID: "cart", namespace: "default", app: FakeAppChannel(), resolver: FakeResolver { _, _, _ in [] },
            endpoints: endpoints, eventLoopGroup: loops)
        try await APIServer.run(invoker: invoker) { server async throws in try await body(server.client) }
    }

    @Test(arguments: ["/", "", "/base", "/base/"])
    func `an endpoint has its own path and fields`(base: String) async throws {
        try await Self.withServer(isSecure: false) { port in
            let endpoint = HTTPEndpoint(
                name: "web.site", url: try ServerURL("http://127.0.0.1:\(port)\(base)"), fields: ["X-Token": "ours"])
            try await Self.run([endpoint]) { client in
                let answer = try await client.send(
                    "GET", "/v1.0/invoke/web.site/method/a/b?c", headers: [("x-token", "theirs"), ("x-mine", "m")])
                #expect(answer.text == "\(base.count > 1 ? "/base" : "")/a/b?c ours m - -")
                let byField = try await client.send("GET", "/a", headers: [("dapr-app-id", "web.site")])
                #expect(byField.text == "\(base.count > 1 ? "/base" : "")/a ours - - -")
            }
        }
    }

    @Test func `a server's URL may have a path, and be encoded`() async throws {
        try await Self.withServer(isSecure: false) { port in
            try await Self.run([]) { client in
                for url in ["http://127.0.0.1:\(port)", "http%3A%2F%2F127.0.0.1%3A\(port)"] {
                    #expect(try await client.send("GET", "/v1.0/invoke/\(url)/method/a").text == "/a - - - -")
                }
                let encoded = "http%3A%2F%2F127.0.0.1%3A\(port)%2Fbase"
                #expect(try await client.send("GET", "/v1.0/invoke/\(encoded)/method/a").text == "/base/a - - - -")
                let forged = "http%3A%2F%2F127.0.0.1%3A\(port)%2F%0D%0Ax-mine:%20y"
                let refused = try await client.send("GET", "/v1.0/invoke/\(forged)/method/a")
                #expect(refused.status == 500 && refused.text.contains("its path isn't one of a URL"))
            }
        }
    }

    @Test func `an https endpoint is called with its own authority, an https URL with the system's`() async throws {
        let made = try Self.made.get()
        var configuration = TLSClientConfiguration(enabled: true)
        configuration.ca = made.authority
        let tls = try TLSClient(configuration, TLSSource(key: "tls") { _ in nil }, protocols: ["http/1.1"])
        try await Self.withServer(isSecure: true) { port in
            let url = try ServerURL("https://localhost:\(port)")
            let endpoints = [
                HTTPEndpoint(name: "known", url: url, tls: tls),
                HTTPEndpoint(
                    name: "unknown", url: url,
                    tls: try TLSClient(TLSClientConfiguration(enabled: true), TLSSource(key: "tls") { _ in nil })),
            ]
            try await Self.run(endpoints) { client in
                // The second call would find the connection of the first, if they shared any.
                #expect(try await client.send("GET", "/v1.0/invoke/known/method/a").text == "/a - - - -")
                for name in ["unknown", "https://localhost:\(port)"] {
                    let answer = try await client.send("GET", "/v1.0/invoke/\(name)/method/a")
                    #expect(answer.status == 500)
                    #expect(answer.text.contains("failed to invoke, id: \(name), err: no secure connection to"))
                    #expect(answer.text.contains("isn't signed by an authority that is trusted"))
                }
            }
        }
    }

    @Test func `the metadata of the sidecar names its endpoints`() async throws {
        let metadata = SidecarMetadata(appID: "cart", app: nil, endpoints: ["a", "b"])
        let response = metadata.response(components: APIComponents(), isPublic: false)
        guard case .bytes(let body) = response.body else { throw CancellationError() }
        #expect(String(buffer: body).contains(#""httpEndpoints":[{"name":"a"},{"name":"b"}],"#))
    }
}
