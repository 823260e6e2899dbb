// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct Stop {
        @Test func `SIGTERM turns ready off, and the API serves until the app has exited with its own status`() throws {
            let sidecar = try Sidecar.beside(TestApp(onTerminate: .save))
            try sidecar.waitUntilReady()
            sidecar.process.send(SIGTERM)
            try sidecar.waitUntil("not ready") { sidecar.admin.status("/readyz") == 503 }
            #expect(try sidecar.process.waitForExit() == .status(7))

            let again = try Sidecar.alone(on: sidecar.folder)
            #expect(try again.load("last-words").body == #""goodbye""#)
        }

        @Test func `a request that is in flight at SIGTERM is answered`() throws {
            let sidecar = try Sidecar.beside(TestApp(onTerminate: .save))
            try sidecar.waitUntilReady()
            let body = #"[{"key":"half","value":"sent"}]"#
            let connection = try Connection(port: sidecar.api.port)
            connection.write(
                "POST /v1.0/state/statestore HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body.prefix(10))")
            usleep(100_000)
            sidecar.process.send(SIGTERM)
            usleep(200_000)
            connection.write(String(body.dropFirst(10)))
            #expect(try connection.readAnswer().status == 204)
            #expect(try sidecar.process.waitForExit() == .status(7))
        }

        @Test func `a request through HTTPS that is in flight at SIGTERM is answered, and no other`() throws {
            let https = try FreePort.next()
            let sidecar = try Sidecar(
                Sidecar.Plan(
                    flags: ["--https", "127.0.0.1:\(https)"], command: EchoApp().command, hasAppPort: true))
            try sidecar.waitUntilReady()
            let slow = try ChildProcess(
                ["curl", "--insecure", "--silent", "--show-error", "--no-buffer", "--write-out", " %{http_code}"]
                    + ["https://127.0.0.1:\(https)/slow?seconds=2"],
                environment: Binary.environment(home: sidecar.folder.path), workingDirectory: sidecar.folder.path)
            try sidecar.waitUntil("the answer's beginning") { slow.standardOutput.contains("begin") }
            sidecar.process.send(SIGTERM)
            try sidecar.waitUntil("the listener's end") { (try? Connection(port: https)) == nil }
            #expect(sidecar.app.status("/") == 200)
            #expect(try slow.waitForExit() == .status(0), "\(slow.output)")
            #expect(slow.standardOutput == "beginend 200")
            #expect(try sidecar.process.waitForExit() == .status(0))
        }

        @Test func `a proxy that the app reaches others through serves until the app has ended`() throws {
            let setting = try ProxySetting(app: TestApp(onTerminate: .save))
            try setting.sidecar.waitUntilReady()
            setting.sidecar.process.send(SIGTERM)
            try setting.sidecar.waitUntil("the app got it") {
                setting.sidecar.process.standardOutput.contains("app got SIGTERM")
            }
            #expect(try setting.answers(1).count == 1)
            #expect(try setting.sidecar.process.waitForExit() == .status(7))
        }

        @Test func `the app's death by a signal becomes 128 and the signal's number`() throws {
            let sidecar = try Sidecar.beside(shell: "exec sleep 60")
            try sidecar.waitUntilReady()
            #expect(try sidecar.stop() == .status(128 + 15))
        }

        @Test func `POST shutdown ends it in order`() throws {
            let sidecar = try Sidecar.beside(TestApp())
            try sidecar.waitUntilReady()
            #expect(try sidecar.api.post("/v1.0/shutdown").status == 204)
            #expect(try sidecar.process.waitForExit() == .status(0))
            #expect(sidecar.process.standardOutput.contains("app got SIGTERM"))
        }

        @Test func `POST shutdown with force is answered and doesn't wait for the app`() throws {
            let sidecar = try Sidecar.beside(TestApp(onTerminate: .ignore), "--dapr-graceful-shutdown-seconds", "60")
            try sidecar.waitUntilReady()
            // A shutdown that takes too long is what the forced one is for.
            sidecar.process.send(SIGTERM)
            try sidecar.waitUntil("the app got it") { sidecar.process.standardOutput.contains("app got SIGTERM") }
            let answer = try sidecar.api.post("/v1.0/shutdown", headers: ["dapr-force-shutdown": "true"])
            #expect(answer.status == 204)
            #expect(try sidecar.process.waitForExit(upTo: .seconds(10)) == .status(0))
        }

        @Test func `POST shutdown with force ends what the app has started too`() throws {
            let sidecar = try Sidecar.beside(shell: "sleep 60 & echo child $!; wait")
            try sidecar.waitUntilReady()
            try sidecar.waitUntil("the child runs") { sidecar.process.standardOutput.contains("child ") }
            let digits = sidecar.process.standardOutput.split(separator: "child ").last?.prefix { $0.isNumber }
            let child = try #require(digits.flatMap { Int($0) })
            _ = try sidecar.api.post("/v1.0/shutdown", headers: ["dapr-force-shutdown": "true"])
            #expect(try sidecar.process.waitForExit(upTo: .seconds(10)) == .status(0))
            try wait(for: "the end of the app's child") { !isRunning(child) }
        }

        @Test func `an app that ignores SIGTERM is killed after the grace period`() throws {
            let sidecar = try Sidecar.beside(TestApp(onTerminate: .ignore), "--dapr-graceful-shutdown-seconds", "1")
            try sidecar.waitUntilReady()
            let app = try #require(try sidecar.app.get("/pid").json["pid"] as? Int)
            let began = ContinuousClock.now
            #expect(try sidecar.stop() == .status(128 + 9))
            #expect(ContinuousClock.now - began >= .seconds(1))
            #expect(kill(Int32(app), 0) != 0)
        }

        @Test func `a second signal ends it at once`() throws {
            let sidecar = try Sidecar.beside(TestApp(onTerminate: .ignore), "--dapr-graceful-shutdown-seconds", "60")
            try sidecar.waitUntilReady()
            sidecar.process.send(SIGTERM)
            try sidecar.waitUntil("the app got it") { sidecar.process.standardOutput.contains("app got SIGTERM") }
            sidecar.process.send(SIGTERM)
            #expect(try sidecar.process.waitForExit(upTo: .seconds(10)) != .status(0))
        }

        @Test func `SIGINT ends it as SIGTERM does`() throws {
            let sidecar = try Sidecar.beside(TestApp())
            try sidecar.waitUntilReady()
            sidecar.process.send(SIGINT)
            _ = try sidecar.process.waitForExit()
        }

        @Test func `SIGHUP is passed on to the app`() throws {
            let sidecar = try Sidecar.beside(TestApp())
            try sidecar.waitUntilReady()
            sidecar.process.send(SIGHUP)
            try sidecar.waitUntil("the app got it") { sidecar.process.standardOutput.contains("app got SIGHUP") }
            #expect(sidecar.healthStatus == 204)
        }

        @Test func `the app doesn't outlive a sidecar that was killed`() throws {
            let sidecar = try Sidecar.beside(TestApp())
            try sidecar.waitUntilReady()
            let app = try #require(try sidecar.app.get("/pid").json["pid"] as? Int)
            try sidecar.crash()
            try wait(for: "the end of the app") { !isRunning(app) }
        }
    }
}

/// Whether the process exists and isn't a zombie; a container's first process may not reap what is handed to it.
func isRunning(_ processID: Int) -> Bool {
    guard let stat = FileManager.default.contents(atPath: "/proc/\(processID)/stat") else { return false }
    let afterName = String(decoding: stat, as: UTF8.self).split(separator: ")").last ?? ""
    return !afterName.hasPrefix(" Z")
}
