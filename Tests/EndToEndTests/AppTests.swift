// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    @Suite struct App {
        @Test func `an app that exits at once ends the sidecar with its status`() throws {
            let sidecar = try Sidecar.beside(shell: "exit 9")
            #expect(try sidecar.process.waitForExit(upTo: .seconds(10)) == .status(9))
        }

        @Test func `an app that exits before its port opens ends the sidecar with its status`() throws {
            let sidecar = try Sidecar(.init(command: ["sh", "-c", "sleep 0.3; exit 4"], hasAppPort: true))
            #expect(try sidecar.process.waitForExit(upTo: .seconds(10)) == .status(4))
        }

        @Test func `an app that never opens its port leaves the sidecar serving, not ready, and saying so`() throws {
            let sidecar = try Sidecar(.init(command: ["sleep", "60"], hasAppPort: true))
            try sidecar.waitUntilServing()
            #expect(sidecar.healthStatus == 500)
            try sidecar.waitUntil("a line about the port") { sidecar.process.output.contains("\(sidecar.app.port)") }
            #expect(try sidecar.stop() == .status(128 + 15))
        }

        @Test func `a command that doesn't exist is named, with the status of a shell`() throws {
            let sidecar = try Sidecar(.init(command: ["no-such-command-anywhere"]))
            #expect(try sidecar.process.waitForExit() == .status(127))
            #expect(sidecar.process.standardError.contains("no-such-command-anywhere"))
        }

        @Test func `a file that can't be executed is named, with the status of a shell`() throws {
            let folder = try TemporaryFolder()
            let file = try folder.write("not a program", to: "plain.txt")
            let sidecar = try Sidecar(.init(command: [file], folder: folder))
            #expect(try sidecar.process.waitForExit() == .status(126))
            #expect(sidecar.process.standardError.contains(file))
        }

        @Test func `an app that fails is restarted on failure, and is ready again`() throws {
            let sidecar = try Sidecar.beside(TestApp(), "--restart", "on-failure")
            try sidecar.waitUntilReady()
            let first = try sidecar.app.get("/pid").json["pid"] as? Int
            _ = try? sidecar.app.get("/exit/3")
            try sidecar.waitUntil("another app answers") {
                let now = try? sidecar.app.get("/pid").json["pid"] as? Int
                return now != nil && now != first
            }
            try sidecar.waitUntilReady()
        }

        @Test func `an app that succeeds isn't restarted on failure`() throws {
            let sidecar = try Sidecar.beside(TestApp(), "--restart", "on-failure")
            try sidecar.waitUntilReady()
            _ = try? sidecar.app.get("/exit/0")
            #expect(try sidecar.process.waitForExit() == .status(0))
        }

        @Test func `an app that succeeds is restarted always`() throws {
            let sidecar = try Sidecar.beside(
                shell: "echo run; sleep 0.1", "--restart", "always",
                environment: ["OUTRIGGER_APP_RESTART_BACKOFF": "10ms"])
            try sidecar.waitUntil("three runs") { sidecar.process.standardOutput.count("run\n") >= 3 }
            try sidecar.stop()
        }

        @Test func `restarts end at the limit with the app's status`() throws {
            let sidecar = try Sidecar.beside(
                shell: "echo run; exit 5", "--restart", "on-failure",
                environment: ["OUTRIGGER_APP_RESTART_BACKOFF": "10ms", "OUTRIGGER_APP_RESTART_LIMIT": "2"])
            #expect(try sidecar.process.waitForExit() == .status(5))
            #expect(sidecar.process.standardOutput.count("run\n") == 3)
        }

        @Test func `the app's output is passed through byte for byte, and the sidecar's own goes elsewhere`() throws {
            let sidecar = try Sidecar.beside(shell: #"printf 'one\n\ntwo \t three'; printf 'no' >&2"#)
            #expect(try sidecar.process.waitForExit() == .status(0))
            #expect(sidecar.process.standardOutput == "one\n\ntwo \t three")
            #expect(sidecar.process.standardError.contains("no"))
        }

        @Test func `the app's lines begin with its id when that is asked for`() throws {
            let sidecar = try Sidecar.beside(
                shell: #"printf 'one\ntwo'; echo three >&2"#, environment: ["OUTRIGGER_APP_OUTPUT": "prefixed"])
            #expect(try sidecar.process.waitForExit() == .status(0))
            let lines = sidecar.process.standardOutput.split(separator: "\n")
            #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("cart") })
            let errors = sidecar.process.standardError.split(separator: "\n")
            #expect(errors.contains { $0.hasPrefix("cart") && $0.hasSuffix("three") })
        }

        @Test func `orphans that the app leaves behind don't stay as zombies`() throws {
            let sidecar = try Sidecar.beside(shell: "for n in 1 2 3; do (sleep 0.2 & ); done; exec sleep 60")
            try sidecar.waitUntilServing()
            usleep(700_000)
            #expect(zombies(of: Int(sidecar.process.processID)) == 0)
            try sidecar.stop()
        }
    }
}

extension String {
    func count(_ part: String) -> Int { components(separatedBy: part).count - 1 }
}

/// How many dead children the process has that it never waited for.
private func zombies(of parent: Int) -> Int {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.filter { Int($0) != nil }.filter { process in
        guard let stat = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
        let afterName = String(decoding: stat, as: UTF8.self).split(separator: ")").last ?? ""
        let fields = afterName.split(separator: " ")
        return fields.count > 1 && fields[0] == "Z" && Int(fields[1]) == parent
    }.count
}
