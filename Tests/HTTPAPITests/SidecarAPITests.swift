// SPDX-License-Identifier: Apache-2.0

import Core
import HTTPAPI
import TestKit
import Testing

/// Health, metadata, shutdown, the token, and what isn't there.
@Suite struct SidecarAPITests {
    static let unknown =
        #"{"errorCode":"ERR_DIRECT_INVOKE","message":"failed getting app id either from the URL path or the header "#
        + #"dapr-app-id"}"#

    @Test func `outbound health is ready before health, and draining ends health only`() async throws {
        try await APIServer.run { server async throws in
            for client in [server.client, server.publicClient] {
                let health = try await client.send("GET", "/v1.0/healthz")
                #expect(health.status == 500)
                #expect(
                    health.text
                        == #"{"errorCode":"ERR_HEALTH_NOT_READY","message":"dapr is not ready: [outbound app]"}"#)
                let outbound = try await client.send("GET", "/v1.0/healthz/outbound")
                #expect(outbound.status == 500)
                #expect(
                    outbound.text
                        == #"{"errorCode":"ERR_OUTBOUND_HEALTH_NOT_READY","message":"dapr outbound is not ready"}"#)
            }
            server.health.setOutboundReady(true)
            #expect(try await server.client.send("GET", "/v1.0/healthz/outbound").status == 204)
            #expect(try await server.client.send("GET", "/v1.0/healthz").text.contains("not ready: [app]"))
            server.health.setAppReady(true)
            for client in [server.client, server.publicClient] {
                let health = try await client.send("GET", "/v1.0/healthz")
                #expect(health.status == 204 && health.body.isEmpty)
            }
            server.health.beginDraining()
            #expect(try await server.client.send("GET", "/v1.0/healthz").text.contains("not ready: [shutdown]"))
            #expect(try await server.client.send("GET", "/v1.0/healthz/outbound").status == 204)
            #expect(try await server.save(#"[{"key":"k","value":1}]"#).status == 204)
        }
    }

    @Test func `health asked for another app's id is 500`() async throws {
        try await APIServer.run { server async throws in
            server.health.setOutboundReady(true)
            server.health.setAppReady(true)
            #expect(try await server.client.send("GET", "/v1.0/healthz?appid=cart").status == 204)
            let other = try await server.client.send("GET", "/v1.0/healthz?appid=other")
            #expect(other.status == 500)
            #expect(other.text == #"{"errorCode":"ERR_HEALTH_APPID_NOT_MATCH","message":"dapr app-id does not match"}"#)
        }
    }

    @Test func `metadata says what runs, and can be added to`() async throws {
        try await APIServer.run { server async throws in
            server.metadata.set("appPID", "4711")
            #expect(try await server.client.send("PUT", "/v1.0/metadata/color", body: #"bl"ue"#).status == 204)
            for client in [server.client, server.publicClient] {
                let answer = try await client.send("GET", "/v1.0/metadata")
                #expect(answer.status == 200 && answer["content-type"] == "application/json")
                #expect(
                    answer.text
                        == #"{"id":"cart","runtimeVersion":"\#(Version.dapr)","enabledFeatures":[],"actors":[],"#
                        + #""components":[{"name":"statestore","type":"state.fake","version":"v1","#
                        + #""capabilities":["ETAG","TRANSACTIONAL","TTL"],"durability":"process"},"#
                        + #"{"name":"simple","type":"state.fake","version":"v1","capabilities":["ETAG"],"#
                        + #""durability":"process"}],"extended":{"appPID":"4711","color":"bl\"ue","#
                        + #""daprRuntimeVersion":"\#(Version.dapr)","outriggerVersion":"\#(Version.outrigger)"},"#
                        + #""subscriptions":[],"httpEndpoints":[],"appConnectionProperties":{"port":8080,"#
                        + #""protocol":"http","#
                        + #""channelAddress":"127.0.0.1"},"#
                        + #""actorRuntime":{"runtimeStatus":"DISABLED","hostReady":false},"#
                        + #""workflows":{}}"#)
            }
        }
    }

    @Test func `metadata that is too long, too much or not text is refused`() async throws {
        try await APIServer.run { server async throws in
            let long = String(repeating: "x", count: 20_000)
            #expect(try await server.client.send("PUT", "/v1.0/metadata/k", body: long).status == 400)
            let empty = "PUT /v1.0/metadata/k HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
            #expect(try await server.client.exchange(empty)[0].status == 204)
            for index in 0..<300 { server.metadata.set("k\(index)", "v") }
            #expect(try await server.client.send("PUT", "/v1.0/metadata/another", body: "v").status == 400)
            #expect(try await server.client.send("PUT", "/v1.0/metadata/k0", body: "w").status == 204)
        }
    }

    @Test func `shutdown is asked for once, gently or by force`() async throws {
        try await APIServer.run { server async throws in
            #expect(try await server.client.send("POST", "/v1.0/shutdown").status == 204)
            let forced = [("dapr-force-shutdown", "TRUE")]
            #expect(try await server.client.send("POST", "/v1.0/shutdown", headers: forced).status == 204)
            #expect(server.shutdowns.all == [false, true])
        }
    }

    @Test(arguments: [
        ("GET", "/"), ("GET", "/nope"), ("GET", "/v1.0"), ("GET", "/v1.0/state"), ("GET", "/v1.0/state/statestore"),
        ("PATCH", "/v1.0/state/statestore"), ("POST", "/v1.0/state/statestore/k"),
        ("GET", "/v1.0/state/statestore/k/x"),
        ("POST", "/v1.0/healthz"), ("GET", "/v1.0/healthz/x"), ("POST", "/v1.0/metadata"), ("GET", "/v1.0/shutdown"),
        ("OPTIONS", "/v1.0/state/statestore"), ("GET", "/v1.0-alpha1/state/statestore/query"), ("GET", "/v2.0/healthz"),
        ("GET", "/v1.0/metadata/k"),
    ])
    func `what isn't known is 404, as in Dapr also for a known path with another method`(
        method: String, path: String
    ) async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.client.send(method, path)
            #expect(answer.status == 404)
            #expect(answer.text == Self.unknown)
            #expect(answer["access-control-allow-origin"] == nil)
        }
    }

    @Test func `a HEAD request is 404 without a body, and the connection goes on`() async throws {
        try await APIServer.run { server async throws in
            try await server.client.onConnection { connection in
                try connection.write(HTTPClient.request("HEAD", "/v1.0/metadata"))
                #expect(try connection.readAnswer(isHead: true).status == 404)
                try connection.write(HTTPClient.request("GET", "/v1.0/metadata"))
                #expect(try connection.readAnswer().status == 200)
            }
        }
    }

    @Test(arguments: [
        "/v1.0/invoke/other/method/x", "/v1.0/bindings/b", "/v1.0-alpha1/lock/store", "/v1.0/secrets/s/k",
    ])
    func `a part of Dapr that isn't built says so`(path: String) async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.client.send("POST", path, body: "{}")
            #expect(answer.status == 501)
            #expect(
                answer.text
                    == #"{"errorCode":"ERR_API_UNIMPLEMENTED","message":"this API is currently not implemented"}"#)
        }
    }

    @Test(arguments: [
        "//v1.0///metadata/", "/v1.0/./metadata", "/v1.0/x/../metadata", "/v1.0/metadata/?x=y", "/../v1.0/metadata",
    ])
    func `a path is cleaned before it is compared`(path: String) async throws {
        try await APIServer.run { server async throws in
            #expect(try await server.client.send("GET", path).status == 200)
        }
    }

    @Test func `with a token every call needs it but health`() async throws {
        try await APIServer.run(hasStores: true, { $0.token = "s3cret" }) { server async throws in
            for (method, path) in [
                ("GET", "/v1.0/metadata"), ("GET", "/nope"), ("POST", "/v1.0/shutdown"), ("POST", "/v1.0/healthz"),
            ] {
                for headers in [
                    [], [("dapr-api-token", "")], [("dapr-api-token", "s3cre")], [("dapr-api-token", "s3cret!")],
                ] {
                    let answer = try await server.client.send(method, path, headers: headers)
                    #expect(answer.status == 401)
                    #expect(answer.text == "invalid api token")
                    #expect(answer["content-type"] == "text/plain; charset=utf-8")
                }
            }
            #expect(server.shutdowns.all.isEmpty)
            #expect(
                try await server.client.send("GET", "/v1.0/metadata", headers: [("Dapr-Api-Token", "s3cret")]).status
                    == 200)
            #expect(try await server.client.send("GET", "/v1.0/healthz").status == 500)
            #expect(try await server.publicClient.send("GET", "/v1.0/metadata").status == 200)
        }
    }

    @Test(arguments: [
        ("GET", "/v1.0/state/statestore/k"), ("POST", "/v1.0/shutdown"), ("GET", "/nope"),
        ("POST", "/v1.0/publish/a/b"),
    ])
    func `the public listener has health and metadata only`(method: String, path: String) async throws {
        try await APIServer.run { server async throws in
            let answer = try await server.publicClient.send(method, path)
            #expect(answer.status == 404 && answer.text == "404 page not found")
            #expect(server.shutdowns.all.isEmpty)
        }
    }
}
