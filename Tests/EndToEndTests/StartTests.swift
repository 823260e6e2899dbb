// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct Start {
        @Test func `outbound health is ready before the app opens its port, and health after`() throws {
            let sidecar = try Sidecar.beside(TestApp(opensPortAfter: .seconds(2)))
            try sidecar.waitUntilServing()
            #expect(try sidecar.api.get("/v1.0/healthz").errorCode == "ERR_HEALTH_NOT_READY")
            #expect(try sidecar.save("early", "1").status == 204)
            try sidecar.waitUntilReady()
            #expect(try sidecar.app.get("/pid").status == 200)
        }

        @Test func `without an app the sidecar is ready by itself`() throws {
            let sidecar = try Sidecar.alone()
            try sidecar.waitUntilReady()
            #expect(try sidecar.stop() == .status(0))
        }

        @Test func `the app finds its sidecar and itself in its environment`() throws {
            let sidecar = try Sidecar.beside(TestApp(), environment: ["USERS_OWN": "kept"])
            try sidecar.waitUntilReady()
            let environment = try sidecar.app.get("/env").json
            #expect(environment["APP_ID"] as? String == "cart")
            #expect(environment["APP_PORT"] as? String == "\(sidecar.app.port)")
            #expect(environment["APP_PROTOCOL"] as? String == "http")
            #expect(environment["DAPR_HTTP_PORT"] as? String == "\(sidecar.api.port)")
            #expect(environment["DAPR_METRICS_PORT"] as? String == "\(sidecar.admin.port)")
            #expect(environment["USERS_OWN"] as? String == "kept")
        }

        @Test func `the start says ports, data path, namespace and neighbours`() throws {
            let first = try Sidecar.alone(appID: "basket", environment: ["NAMESPACE": "shop"])
            let second = try Sidecar.alone(appID: "cart", on: first.folder, environment: ["NAMESPACE": "shop"])
            try second.waitUntilReady()
            for word in ["\(second.api.port)", "\(second.admin.port)", first.folder.path("data"), "shop", "basket"] {
                try second.waitUntil("the banner says \(word)") { second.process.output.contains(word) }
            }
        }

        @Test(arguments: ["XDG_STATE_HOME", "HOME"])
        func `without a flag the data is in the user's state folder, closed to others`(variable: String) throws {
            var plan = Sidecar.Plan(folder: try TemporaryFolder(), choosesData: false)
            let home = plan.folder?.path ?? ""
            if variable == "XDG_STATE_HOME" { plan.environment[variable] = "\(home)/state" }
            let sidecar = try Sidecar(plan)
            try sidecar.waitUntilServing()
            #expect(try sidecar.save("k", "1").status == 204)
            let data = variable == "HOME" ? "\(home)/.local/state/outrigger" : "\(home)/state/outrigger"
            let mode = try FileManager.default.attributesOfItem(atPath: data)[.posixPermissions] as? Int
            #expect(mode == 0o700)
        }

        @Test func `the public listener serves health and metadata and nothing else`() throws {
            let port = try FreePort.next()
            let sidecar = try Sidecar.alone(
                "--dapr-public-port", "\(port)", "--dapr-public-listen-address", "127.0.0.1")
            let open = Endpoint(port: port)
            try sidecar.waitUntilReady()
            #expect(try open.get("/v1.0/healthz").status == 204)
            #expect(try open.get("/v1.0/metadata").status == 200)
            #expect(try open.get("/v1.0/state/statestore/k").status == 404)
            #expect(try sidecar.load("k").status == 204)
        }

        @Test func `metadata names the app, the store and a version that SDKs accept`() throws {
            let sidecar = try Sidecar.alone()
            let metadata = try sidecar.api.get("/v1.0/metadata").json
            #expect(metadata["id"] as? String == "cart")
            #expect((metadata["runtimeVersion"] as? String)?.wholeMatch(of: /\d+\.\d+\.\d+(-rc\.\d+)?/) != nil)
            let components = metadata["components"] as? [[String: Any]] ?? []
            #expect(components.contains { $0["name"] as? String == "statestore" })
        }

        @Test func `probes follow the start`() throws {
            let sidecar = try Sidecar.beside(TestApp(opensPortAfter: .seconds(2)))
            try sidecar.waitUntilServing()
            #expect(sidecar.admin.status("/livez") == 200)
            #expect(sidecar.admin.status("/startupz") == 200)
            #expect(sidecar.admin.status("/readyz") == 503)
            try sidecar.waitUntil("readyz is 200") { sidecar.admin.status("/readyz") == 200 }
        }
    }

    @Suite struct Ports {
        @Test func `with a command and no flags, ports that are taken give way, and the app is told`() throws {
            // Either this test is in the way of the sidecar, or somebody else is already.
            let inTheWay = [try? PortOccupation(port: 3500), try? PortOccupation(port: 9090)]
            defer { inTheWay.forEach { $0?.release() } }
            let sidecar = try Sidecar(
                .init(
                    environment: TestApp().environment, command: TestApp().command, hasAppPort: true,
                    choosesPorts: false))
            try sidecar.waitUntil("the app answers") { sidecar.app.status("/env") == 200 }
            let environment = try sidecar.app.get("/env").json
            let api = try #require((environment["DAPR_HTTP_PORT"] as? String).flatMap { Int($0) })
            #expect(api != 3500)
            #expect(environment["DAPR_METRICS_PORT"] as? String != "9090")
            #expect(Endpoint(port: api).status("/v1.0/healthz/outbound") == 204)
            #expect(sidecar.process.output.contains("\(api)"))
        }

        @Test(arguments: ["-H", "-M"])
        func `a taken port that a flag asks for is an error that names its occupant`(flag: String) throws {
            let port = try FreePort.next()
            let inTheWay = try PortOccupation(port: port)
            defer { inTheWay.release() }
            let other = flag == "-H" ? "-M" : "-H"
            let sidecar = try Sidecar(
                .init(
                    flags: [flag, "\(port)", other, "\(FreePort.next())"], command: ["sleep", "60"], choosesPorts: false
                ))
            let exit = try sidecar.process.waitForExit()
            #expect(exit != .status(0))
            #expect(sidecar.process.standardError.contains("\(port)"))
            #expect(sidecar.process.standardError.contains("\(getpid())"))
        }

        @Test func `without a command a taken port is an error`() throws {
            let port = try FreePort.next()
            let inTheWay = try PortOccupation(port: port)
            defer { inTheWay.release() }
            let sidecar = try Sidecar(.init(flags: ["-H", "\(port)", "-M", "\(FreePort.next())"], choosesPorts: false))
            #expect(try sidecar.process.waitForExit() != .status(0))
            #expect(sidecar.process.standardError.contains("\(port)"))
        }
    }
}
