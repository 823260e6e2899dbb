// SPDX-License-Identifier: Apache-2.0

import Glibc
import Sidecar
import Testing

/// Each test starts a real program and looks at what becomes of it.
@Suite(.timeLimit(.minutes(1))) struct SupervisorTests {
    @Test(
        "The app's end is the result",
        arguments: [
            ("exit 0", AppExit.code(0), Int32(0)),
            ("exit 3", .code(3), 3),
            ("exit 255", .code(255), 255),
            ("kill -9 $$", .signal(9), 137),
            ("kill -TERM $$", .signal(15), 143),
        ])
    func exit(_ row: (script: String, exit: AppExit, status: Int32)) async throws {
        let exit = try await SupervisedApp(shell: row.script).supervisor.run()
        #expect(exit == row.exit)
        #expect(exit.processStatus == row.status)
    }

    @Test func `events tell start, readiness and end in order`() async throws {
        let app = SupervisedApp(shell: "sleep 0.2")
        #expect(try await app.supervisor.run() == .code(0))
        guard case .started = app.events.first else { return #expect(Bool(false), "\(app.events)") }
        #expect(app.events.dropFirst() == [.listening, .exited(.code(0), hadListened: true)])
        #expect(app.supervisor.state.pid == nil)
    }

    @Test(
        "A command that can't be started is named, with the status of a shell",
        arguments: [
            ("no-such-command-anywhere", Int32(127), "no-such-command-anywhere: not found in PATH"),
            ("/no/such/file", 127, "/no/such/file: no such file"),
            ("/etc/passwd", 126, "/etc/passwd: not executable"),
            ("/etc", 126, "/etc: not executable"),
        ])
    func cannotStart(_ row: (command: String, status: Int32, description: String)) async {
        let app = SupervisedApp([row.command])
        let error = await #expect(throws: SpawnError.self) { try await app.supervisor.run() }
        #expect(error?.exitStatus == row.status)
        #expect(error?.description == row.description)
        #expect(app.logged == ["app.start.failed"])
    }

    @Test func `the app gets the sidecar's environment with overrides`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        setenv("OUTRIGGER_TEST_INHERITED", "kept", 1)
        setenv("OUTRIGGER_TEST_REPLACED", "old", 1)
        let script = "echo $OUTRIGGER_TEST_INHERITED $OUTRIGGER_TEST_REPLACED $APP_ID > \(scratch.file("out"))"
        let app = SupervisedApp(
            ["/bin/sh", "-c", script], environment: ["OUTRIGGER_TEST_REPLACED": "new", "APP_ID": "cart = 1"])
        #expect(try await app.supervisor.run() == .code(0))
        #expect(scratch.text("out") == "kept new cart = 1\n")
    }

    @Test func `the app has default signals and none of the sidecar's descriptors`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        signal(SIGPIPE, SIG_IGN)
        let leaked = open("/dev/null", O_RDONLY)
        defer { close(leaked) }
        let script = """
            grep SigIgn /proc/self/status > \(scratch.file("ignored"))
            grep SigBlk /proc/self/status > \(scratch.file("blocked"))
            ls /proc/$$/fd > \(scratch.file("fds"))
            """
        #expect(try await SupervisedApp(shell: script).supervisor.run() == .code(0))
        let digits = try #require(scratch.text("ignored")?.split(whereSeparator: \.isWhitespace).last)
        // Bits 31 and 32 are signals of the C library itself, which lets nobody change them.
        #expect(try #require(UInt64(digits, radix: 16)) & 0x7FFF_FFFF == 0)
        // The threads of these tests block most signals themselves.
        #expect(scratch.text("blocked") == "SigBlk:\t0000000000000000\n")
        // The shell itself may have saved its standard output above 9 while it redirects.
        let descriptors = scratch.text("fds")?.split(separator: "\n").compactMap { Int($0) } ?? []
        #expect(!descriptors.contains(Int(leaked)) || leaked < 3)
        #expect(descriptors.filter { $0 < 10 } == [0, 1, 2])
    }

    @Test func `a signal is forwarded to the app as it is`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let script = """
            trap 'echo hup > \(scratch.file("got")); exit 4' HUP
            echo up > \(scratch.file("up"))
            while :; do sleep 0.05; done
            """
        let exit = try await SupervisedApp(shell: script).run { app in
            try await eventually("the trap is set") { scratch.text("up") == "up\n" }
            app.supervisor.forward(.hangUp)
        }
        #expect(exit == .code(4))
        #expect(scratch.text("got") == "hup\n")
    }

    @Test func `a stop is SIGTERM, and the app's own status the result`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let script = "trap 'exit 7' TERM; echo up > \(scratch.file("up")); while :; do sleep 0.05; done"
        let app = SupervisedApp(shell: script) { $0.restart.policy = .always }
        let exit = try await app.run { app in
            try await eventually("the trap is set") { scratch.text("up") == "up\n" }
            app.supervisor.stop()
        }
        #expect(exit == .code(7))
        #expect(app.startCount == 1)
        #expect(app.logged.contains("app.stop.requested"))
    }

    @Test func `a stop may be SIGINT, as from a terminal`() async throws {
        let app = SupervisedApp(["sleep", "60"])
        let exit = try await app.run { $0.supervisor.stop(with: .interrupt) }
        #expect(exit == .signal(SIGINT))
    }

    @Test func `an app that ignores SIGTERM is killed after its grace period`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let script = "trap '' TERM; echo up > \(scratch.file("up")); while :; do sleep 0.05; done"
        let app = SupervisedApp(shell: script) { $0.grace = .milliseconds(200) }
        let begin = ContinuousClock.now
        let exit = try await app.run { app in
            try await eventually("the trap is set") { scratch.text("up") == "up\n" }
            app.supervisor.stop()
        }
        #expect(exit == .signal(SIGKILL))
        #expect(.now - begin >= .milliseconds(200))
        #expect(app.logged.contains("app.killed"))
    }

    @Test func `a kill doesn't wait for the grace period`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let script = "trap '' TERM; echo up > \(scratch.file("up")); while :; do sleep 0.05; done"
        let app = SupervisedApp(shell: script) { $0.grace = .seconds(50) }
        let exit = try await app.run { app in
            try await eventually("the trap is set") { scratch.text("up") == "up\n" }
            app.supervisor.stop()
            app.supervisor.kill()
        }
        #expect(exit == .signal(SIGKILL))
    }

    @Test func `a cancelled task stops the app with its grace period`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let script = "trap 'sleep 0.2; exit 7' TERM; echo up > \(scratch.file("up")); while :; do sleep 0.05; done"
        let app = SupervisedApp(shell: script)
        let task = Task { try await app.supervisor.run() }
        try await eventually("the trap is set") { scratch.text("up") == "up\n" }
        task.cancel()
        #expect(try await task.value == .code(7))
    }

    @Test func `a stop reaches the grandchildren`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let app = SupervisedApp(shell: "sleep 60 & echo $! > \(scratch.file("pid")); wait")
        _ = try await app.run { app in
            try await eventually("the grandchild runs") { scratch.number("pid") != nil }
            app.supervisor.stop()
        }
        let grandchild = try #require(scratch.number("pid"))
        try await eventually("the grandchild ended") { !isAlive(grandchild) }
    }

    @Test func `grandchildren that ignore every wish are killed with the group`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let inner = "trap '' TERM; echo $$ > \(scratch.file("pid")); while :; do sleep 0.05; done"
        let app = SupervisedApp(shell: "sh -c \"\(inner.replacing("$$", with: "\\$\\$"))\" & wait") {
            $0.grace = .milliseconds(200)
        }
        _ = try await app.run { app in
            try await eventually("the grandchild runs") { scratch.number("pid") != nil }
            app.supervisor.stop()
        }
        let grandchild = try #require(scratch.number("pid"))
        try await eventually("the grandchild ended") { !isAlive(grandchild) }
        #expect(app.logged.contains("app.survivors.killed"))
    }

    @Test func `the app's end is told before what it left behind has ended`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let inner = "trap '' TERM; echo up > \(scratch.file("up")); while :; do sleep 0.05; done"
        let script = "sh -c \"\(inner)\" & while ! test -f \(scratch.file("up")); do sleep 0.02; done"
        let app = SupervisedApp(shell: script) { $0.grace = .seconds(30) }
        async let exit = app.supervisor.run()
        try await eventually("the end was told") { app.events.last == .exited(.code(0), hadListened: true) }
        #expect(app.supervisor.state.pid == nil)
        app.supervisor.kill()
        #expect(try await exit == .code(0))
        #expect(app.logged.last == "app.survivors.killed")
    }

    @Test func `what an app leaves behind when it ends by itself is ended too`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let app = SupervisedApp(shell: "sleep 60 & echo $! > \(scratch.file("pid")); exit 3")
        #expect(try await app.supervisor.run() == .code(3))
        let grandchild = try #require(scratch.number("pid"))
        try await eventually("the grandchild ended") { !isAlive(grandchild) }
    }
}
