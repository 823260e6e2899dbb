// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct Settings {
        @Test(arguments: ["file", "environment", "flag"])
        func `a flag wins over the environment, and that over the file`(winner: String) throws {
            let folder = try TemporaryFolder()
            let (file, environment, flag) = (try FreePort.next(), try FreePort.next(), try FreePort.next())
            let config = try folder.write(
                """
                app: {id: cart}
                api: {listen: 127.0.0.1:\(file)}
                admin: {listen: 127.0.0.1:\(FreePort.next())}
                """, to: "outrigger.yaml")
            var plan = Sidecar.Plan(appID: nil, flags: ["--config", config], choosesPorts: false, folder: folder)
            if winner != "file" { plan.environment["OUTRIGGER_API_LISTEN"] = "127.0.0.1:\(environment)" }
            if winner == "flag" { plan.flags += ["-H", "\(flag)"] }
            let sidecar = try Sidecar(plan)
            let port = ["file": file, "environment": environment, "flag": flag][winner] ?? 0
            try sidecar.waitUntil("port \(port) serves") {
                Endpoint(port: port).status("/v1.0/healthz/outbound") == 204
            }
        }

        @Test func `a file that sets everything of the first pages is right`() throws {
            let folder = try TemporaryFolder()
            try folder.write("", to: "resources/.keep")
            let config = try folder.write(
                """
                app: {id: cart, protocol: http}
                api: {enabled: true, listen: 127.0.0.1:\(FreePort.next())}
                admin: {listen: 127.0.0.1:\(FreePort.next())}
                data: {path: ./data}
                resources: [./resources]
                """, to: "outrigger.yaml")
            #expect(try Binary.run(["check", "--config", config], in: folder).exit == .status(0))
        }

        @Test func `wrong values stop the start before anything listens, one line each`() throws {
            let folder = try TemporaryFolder()
            let config = try folder.write(
                """
                app: {id: cart, port: eighty}
                api:
                  listne: 127.0.0.1:3500
                """, to: "wrong.yaml")
            for command in [["check", "--config", config], ["run", "--config", config]] {
                let (exit, process) = try Binary.run(command, in: folder)
                #expect(exit == .status(78))
                #expect(process.standardError.contains(/wrong\.yaml:1: app\.port: found .*eighty/))
                #expect(process.standardError.contains(/wrong\.yaml:3: api\.listne: .*listen/))
            }
        }

        @Test func `a wrong value in the environment is named`() throws {
            let folder = try TemporaryFolder()
            let (exit, process) = try Binary.run(["check"], in: folder, environment: ["OUTRIGGER_APP_PORT": "eighty"])
            #expect(exit == .status(78))
            #expect(process.standardError.contains("OUTRIGGER_APP_PORT"))
        }

        @Test func `an unknown name in the environment is only a warning`() throws {
            let sidecar = try Sidecar.alone(environment: ["OUTRIGGER_SERVICE_HOST": "10.0.0.1"])
            #expect(sidecar.process.output.contains("OUTRIGGER_SERVICE_HOST"))
        }

        @Test func `the API needs an app id`() throws {
            let sidecar = try Sidecar(.init(appID: nil))
            let exit = try sidecar.process.waitForExit()
            #expect(exit == .status(78) || exit == .status(64))
            #expect(sidecar.process.standardError.contains("app.id"))
        }

        @Test(arguments: [
            (["--nonsense"], "--nonsense"), (["-p", "eighty"], "--app-port"), (["-u", "/tmp"], "--unix-domain-socket"),
            (["-k"], "--kubernetes"), (["--enable-mtls"], "--enable-mtls"), (["--mode", "kubernetes"], "--mode"),
            (["--app-ssl"], "--app-ssl"), (["-P", "grpcs"], "--app-protocol"),
        ])
        func `a flag that can't be honoured ends with status 64 and is named`(flags: [String], name: String) throws {
            let (exit, process) = try Binary.run(["run", "-a", "cart"] + flags, in: TemporaryFolder())
            #expect(exit == .status(64))
            #expect(process.standardError.contains(name) || process.standardError.contains(flags[0]))
        }

        @Test(arguments: [
            ["--enable-mtls=false"], ["--placement-host-address", "localhost:50005"],
            ["--scheduler-host-address", "localhost:50006"], ["--log-level", "debug"], ["--enable-api-logging=true"],
            ["--mode", "standalone"], ["--enable-profiling=false"], ["--app-max-concurrency", "-1"],
            ["--max-body-size", "4Mi"], ["--dapr-listen-addresses", "127.0.0.1"],
        ])
        func `a flag of Dapr's that asks for nothing, or for what we have, is accepted`(flags: [String]) throws {
            let sidecar = try Sidecar(.init(flags: flags))
            try sidecar.waitUntilServing()
            #expect(try sidecar.stop() == .status(0))
        }

        @Test func `settings are described as a table, as Markdown and as a JSON Schema`() throws {
            let folder = try TemporaryFolder()
            let table = try Binary.run(["describe", "settings"], in: folder)
            #expect(table.exit == .status(0))
            #expect(table.process.standardOutput.contains("api.listen"))
            let markdown = try Binary.run(["describe", "settings", "--format", "markdown"], in: folder)
            #expect(markdown.process.standardOutput.contains("| "))
            let schema = try Binary.run(["describe", "settings", "--format", "json-schema"], in: folder)
            let object = try JSONSerialization.jsonObject(with: Data(schema.process.standardOutput.utf8))
            #expect((object as? [String: Any])?["$schema"] != nil)
        }

        @Test(arguments: [["--version"], ["run", "--version"]])
        func `the version is told`(arguments: [String]) throws {
            let (exit, process) = try Binary.run(arguments, in: TemporaryFolder())
            #expect(exit == .status(0))
            #expect(process.standardOutput.contains(/\d+\.\d+\.\d+/))
        }

        @Test(arguments: [["--help"], ["run", "--help"], ["check", "--help"], ["describe", "settings", "--help"]])
        func `every command explains itself`(arguments: [String]) throws {
            let (exit, process) = try Binary.run(arguments, in: TemporaryFolder())
            #expect(exit == .status(0))
            #expect(process.standardOutput.contains("outrigger"))
        }
    }
}
