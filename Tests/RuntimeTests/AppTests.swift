// SPDX-License-Identifier: Apache-2.0

import Core
import HTTPAPI
import Proxying
import Sidecar
import Testing

@testable import Runtime

/// What the app is told, and what is told of the app.
struct AppTests {
    @Test func `the app learns its own names and the ports of its sidecar`() {
        var app = AppConfiguration()
        app.id = "cart"
        app.port = 8080
        app.address = "::1"
        #expect(
            appEnvironment(app, apiPort: 3500, grpcPort: 50_001, adminPort: 9090) == [
                "APP_PROTOCOL": "http", "APP_ID": "cart", "APP_PORT": "8080", "APP_CHANNEL_ADDRESS": "::1",
                "DAPR_HTTP_PORT": "3500", "DAPR_GRPC_PORT": "50001", "DAPR_METRICS_PORT": "9090",
            ])
    }

    @Test func `the app learns nothing of what isn't there`() {
        let environment = appEnvironment(AppConfiguration(), apiPort: nil, grpcPort: nil, adminPort: nil)
        #expect(environment == ["APP_PROTOCOL": "http"])
    }

    @Test(
        "a proxy's server is the app where it has the app's port on this machine",
        arguments: [
            ("127.0.0.1", "127.0.0.1:8080", true), ("127.0.0.1", "localhost:8080", true),
            ("127.0.0.1", "[::1]:8080", true), ("10.0.0.1", "10.0.0.1:8080", true),
            ("127.0.0.1", "127.0.0.1:8081", false), ("127.0.0.1", "10.0.0.1:8080", false),
            ("10.0.0.1", "127.0.0.1:8080", false), ("127.0.0.1", "/run/app.sock", false),
        ])
    func server(app: String, server: String, isApp: Bool) throws {
        let address = try #require(ServerAddress(text: server))
        #expect(address.isSame(as: ListenAddress(host: app, port: 8080)) == isApp)
    }

    @Test(
        "the admin listener tells how the app is",
        arguments: [
            ([], #"{"pid":null,"listening":false,"restarts":0,"lastExit":null}"#),
            ([.started(pid: 7)], #"{"pid":7,"listening":false,"restarts":0,"lastExit":null}"#),
            ([.started(pid: 7), .listening], #"{"pid":7,"listening":true,"restarts":0,"lastExit":null}"#),
            (
                [.started(pid: 7), .listening, .exited(.signal(9), hadListened: true), .restarting(after: .zero)],
                #"{"pid":null,"listening":false,"restarts":1,"lastExit":"signal 9"}"#
            ),
            (
                [.started(pid: 7), .exited(.code(3), hadListened: false), .gaveUp(restarts: 0)],
                #"{"pid":null,"listening":false,"restarts":0,"lastExit":"status 3"}"#
            ),
        ] as [([Supervisor.Event], String)])
    func status(events: [Supervisor.Event], json: String) async {
        let status = AppStatus()
        events.forEach(status.note)
        #expect(status.endpoint.path == "/admin/app")
        #expect(await status.endpoint.respond(AdminRequest("GET", "/admin/app")) == .json(Array("\(json)\n".utf8)))
    }

    @Test func `the app is ready from when it listens until it has ended`() {
        let health = HealthState()
        health.note(.started(pid: 7))
        #expect(!health.isAppReady)
        health.note(.listening)
        #expect(health.isAppReady)
        health.note(.exited(.code(0), hadListened: true))
        health.note(.restarting(after: .zero))
        #expect(!health.isAppReady)
    }
}

struct DataPathTests {
    @Test(
        "the default data folder is where the XDG specification puts state",
        arguments: [
            (["XDG_STATE_HOME": "/x", "HOME": "/home/a"], "/x/outrigger"),
            (["HOME": "/home/a"], "/home/a/.local/state/outrigger"),
            // The specification has relative paths left out.
            (["XDG_STATE_HOME": "x", "HOME": "/home/a"], "/home/a/.local/state/outrigger"),
            (["XDG_STATE_HOME": "", "HOME": "/home/a"], "/home/a/.local/state/outrigger"),
        ])
    func folder(environment: [String: String], path: String) throws {
        #expect(try DataConfiguration.defaultPath(environment) == path)
    }

    @Test("without a home the folder must be given", arguments: [[:], ["HOME": "a", "XDG_STATE_HOME": "b"]])
    func homeless(environment: [String: String]) {
        let problem = #expect(throws: Problem.self) { try DataConfiguration.defaultPath(environment) }
        #expect(
            problem?.description
                == "built-in default: data.path: "
                + "found neither XDG_STATE_HOME nor HOME, expected a folder (--data-dir)")
    }
}
