// SPDX-License-Identifier: Apache-2.0

import Core
import Settings
import Testing
import WireProxyProtocol
import WireYAML

@testable import Proxying

@Suite("The settings of upstreams and retries")
struct UpstreamSettingsTests {
    private func loaded<Root: Sendable>(
        _ yaml: String, _ group: SettingGroup<Root>, _ defaults: Root
    ) throws -> Root {
        var loader = SettingsLoader(group, defaults: defaults)
        for document in try YAML.documents(in: yaml.utf8, file: "o.yaml") { loader.apply(document) }
        return try loader.finish().configuration
    }

    private func upstream(_ yaml: String) throws -> UpstreamConfiguration {
        try loaded(yaml, UpstreamConfiguration.settings, UpstreamConfiguration())
    }

    @Test func `are read as they are written`() throws {
        let upstream = try upstream(
            """
            servers: {a: "10.0.0.1:8080 weight=3", b: {address: "web:80", weight: 2}, c: /run/web.sock}
            balance: maglev
            hash: {header: x-user}
            proxy-protocol: v2
            host: server
            addresses: all
            health: {path: /healthz, interval: 1s, status: 204}
            ejection: {share-max: 10, pause: 5s}
            slow-start: 30s
            panic-below: 20
            limits: {retries: 3}
            retry-budget: {share: 10, minimum: 1}
            keepalive: {idle: 1m, requests: 1000}
            """)
        #expect(upstream.servers.map(\.name) == ["a", "b", "c"])
        #expect(upstream.servers.map(\.value.weight) == [3, 2, 1])
        #expect(upstream.servers["b"]?.address == .network(host: "web", port: 80))
        #expect(upstream.servers["c"]?.address == .unix(path: "/run/web.sock"))
        #expect(upstream.balance == .maglev)
        #expect(upstream.hash.header == "x-user")
        #expect(upstream.proxyProtocol?.rawValue == "v2")
        #expect(upstream.host == .server)
        #expect(upstream.addresses == .all)
        #expect(upstream.health.isOn && upstream.health.status == 204)
        #expect(upstream.ejection.shareMax == 10)
        #expect(upstream.slowStart == .seconds(30))
        #expect(upstream.retryBudget.minimum == 1)
        let retry = try loaded(
            "{attempts: 2, on: [5xx, '429'], methods: [GET, POST], body: 1KiB}", RetryConfiguration.settings,
            RetryConfiguration())
        #expect(retry.on == [.serverError, .tooManyRequests])
        #expect(retry.methods == [.get, .post])
    }

    @Test(
        "are refused when they are wrong",
        arguments: [
            "servers: {a: web}", "servers: {a: 'web:80 weight=0'}", "servers: {a: 'web:80 weight=1 weight=2'}",
            "servers: {a: 'web:80 height=1'}", "servers: {a: 'web:80 weight'}", "balance: fastest",
            "hash: {header: 'x user'}", "health: {path: healthz}", "health: {path: '/a b'}", "health: {status: 600}",
            "limits: {requests: 0}", "ejection: {share-max: 101}",
        ])
    func wrong(yaml: String) {
        #expect(throws: Problems.self) { try upstream(yaml) }
    }

    @Test func `change while running, all of them`() throws {
        #expect(UpstreamConfiguration.settings.all.allSatisfy { $0.setting.change == .live })
        #expect(RetryConfiguration.settings.all.allSatisfy { $0.setting.change == .live })
        var current = try upstream("{servers: {a: 'a:80'}, tls: {enabled: false}}")
        let new = try upstream("{servers: {b: 'b:80'}, tls: {enabled: true}, limits: {pending: 1}}")
        let changes = UpstreamConfiguration.settings.reload(&current, with: new)
        #expect(changes.waiting.isEmpty)
        #expect(current == new)
    }

    @Test(
        "that contradict each other are mistakes",
        arguments: [
            ("servers: {}", "servers", "found nothing, expected at least one server"),
            ("{balance: maglev, hash: {header: a, path: true}}", "hash", "found header and path, expected one of them"),
            (
                "hash: {address: true}", "balance",
                "found least-request, expected ring-hash or maglev because hash is given"
            ),
            ("ejection: {pause: 10m}", "ejection.pause-max", "found 5m, expected at least the pause of 10m"),
            ("health: {status: 204}", "health.path", "found nothing, expected a path because status is given"),
            ("health: {host: web}", "health.path", "found nothing, expected a path because host is given"),
        ])
    func mistakes(yaml: String, key: String, message: String) throws {
        var upstream = try upstream(yaml)
        if key != "servers" { upstream.servers["a"] = UpstreamServerConfiguration(text: "a:80") }
        #expect(upstream.mistakes.map(\.key) == [key])
        #expect(upstream.mistakes.map(\.message) == [message])
    }

    @Test func `that are all right are none`() {
        var upstream = UpstreamConfiguration()
        upstream.servers["a"] = UpstreamServerConfiguration(text: "a:80")
        #expect(upstream.mistakes.isEmpty)
    }

    @Test func `write a server as it is read`() {
        for text in ["web:80", "[::1]:80 weight=7", "/run/web.sock weight=2"] {
            #expect(UpstreamServerConfiguration(text: text)?.text == text)
        }
        #expect(UpstreamServerConfiguration(text: "") == nil)
    }
}
