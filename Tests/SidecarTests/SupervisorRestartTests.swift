// SPDX-License-Identifier: Apache-2.0

import Glibc
import Sidecar
import Testing

@Suite(.timeLimit(.minutes(1))) struct SupervisorRestartTests {
    @Test func `an app that fails is started again until it succeeds`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let script = "echo x >> \(scratch.file("runs")); test $(wc -l < \(scratch.file("runs"))) -ge 3"
        let app = SupervisedApp(shell: script) {
            $0.restart.policy = .onFailure
            $0.restart.backoff = .milliseconds(10)
        }
        #expect(try await app.supervisor.run() == .code(0))
        #expect(app.startCount == 3)
        #expect(app.supervisor.state.restarts == 2)
        #expect(app.events.contains(.restarting(after: .milliseconds(20))))
    }

    @Test func `an app that exits at once again and again is given up with its status`() async throws {
        let app = SupervisedApp(shell: "exit 9") {
            $0.restart.policy = .always
            $0.restart.backoff = .milliseconds(1)
            $0.restart.limit = 3
        }
        #expect(try await app.supervisor.run() == .code(9))
        #expect(app.startCount == 4)
        #expect(app.events.last == .gaveUp(restarts: 3))
        #expect(app.logged.last == "app.restarts.exhausted")
    }

    @Test func `a stop during the pause before a restart ends it`() async throws {
        let app = SupervisedApp(shell: "exit 9") {
            $0.restart.policy = .always
            $0.restart.backoff = .seconds(30)
        }
        let exit = try await app.run { app in
            try await eventually("the pause began") { app.events.contains(.restarting(after: .seconds(30))) }
            app.supervisor.stop()
        }
        #expect(exit == .code(9))
        #expect(app.startCount == 1)
    }

    @Test func `a command that vanishes between two starts counts as an exit with 127`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let path = scratch.file("app")
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o700)
        let script = "#!/bin/sh\nrm \(path)\nexit 1\n"
        write(descriptor, script, script.utf8.count)
        close(descriptor)
        let app = SupervisedApp([path]) {
            $0.restart.policy = .onFailure
            $0.restart.backoff = .milliseconds(1)
            $0.restart.limit = 2
        }
        #expect(try await app.supervisor.run() == .code(127))
        #expect(app.startCount == 1)
    }
}
