// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestKit
import Testing

@testable import Sidecar

@Suite(.timeLimit(.minutes(1))) struct SupervisorPortTests {
    @Test func `the app is ready once its port accepts`() async throws {
        let port = try FreePort.next()
        let scratch = Scratch()
        defer { scratch.remove() }
        let gate = scratch.file("gate")
        let app = SupervisedApp(listener(on: port, whenExists: gate)) { $0.port = port }
        let exit = try await app.run { app in
            #expect(!app.supervisor.state.isListening)
            #expect(FileManager.default.createFile(atPath: gate, contents: nil))
            try await eventually("the port opened") { app.supervisor.state.isListening }
            #expect(app.events.last == .listening)
            app.supervisor.stop()
        }
        #expect(exit == .signal(SIGTERM))
        #expect(app.events.last == .exited(.signal(SIGTERM), hadListened: true))
        #expect(!app.supervisor.state.isListening)
    }

    @Test func `a port that somebody else holds before the first start is warned of, by name`() async throws {
        let port = try FreePort.next()
        let stranger = SupervisedApp(listener(on: port))
        _ = try await stranger.run { stranger in
            let pid = try #require(stranger.supervisor.state.pid)
            #expect(await PortProbe(host: "127.0.0.1", port: port).waitUntilOpen { _ in })
            let app = SupervisedApp(shell: "exit 0") { $0.port = port }
            #expect(try await app.supervisor.run() == .code(0))
            #expect(app.logged.first == "app.port.taken")
            #expect(app.sentences.first?.contains("(process \(pid))") == true)
            stranger.supervisor.stop()
        }
    }

    @Test func `a port that nobody holds is not warned of`() async throws {
        let port = try FreePort.next()
        let app = SupervisedApp(shell: "exit 0") { $0.port = port }
        _ = try await app.supervisor.run()
        #expect(!app.logged.contains("app.port.taken"))
    }

    @Test func `after a restart the port is waited for again`() async throws {
        let port = try FreePort.next()
        let app = SupervisedApp(listener(on: port)) {
            $0.port = port
            $0.restart.policy = .always
            $0.restart.backoff = .milliseconds(10)
        }
        _ = try await app.run { app in
            try await eventually("the port opened") { app.supervisor.state.isListening }
            app.supervisor.forward(.terminate)
            try await eventually("the second app listens") {
                app.events.count { $0 == .listening } == 2 && app.supervisor.state.isListening
            }
            app.supervisor.stop()
        }
        #expect(app.supervisor.state.restarts == 1)
    }

    @Test func `an app that exits before its port opens is told apart`() async throws {
        let port = try FreePort.next()
        let app = SupervisedApp(shell: "exit 5") { $0.port = port }
        #expect(try await app.supervisor.run() == .code(5))
        #expect(app.events.last == .exited(.code(5), hadListened: false))
        #expect(app.logged.contains("app.exited-early"))
    }

    @Test func `an app that never opens its port is waited for, and stops when asked`() async throws {
        let port = try FreePort.next()
        let app = SupervisedApp(["sleep", "60"]) { $0.port = port }
        let exit = try await app.run { app in
            try await Task.sleep(for: .milliseconds(300))
            #expect(!app.supervisor.state.isListening)
            app.supervisor.stop()
        }
        #expect(exit == .signal(SIGTERM))
        #expect(!app.events.contains(.listening))
    }

    @Test func `without a command only the port of a foreign app is waited for`() async throws {
        let port = try FreePort.next()
        let scratch = Scratch()
        defer { scratch.remove() }
        let gate = scratch.file("gate")
        let foreign = SupervisedApp(listener(on: port, whenExists: gate))
        let watcher = SupervisedApp([]) { $0.port = port }
        _ = try await foreign.run { foreign in
            async let exit = watcher.supervisor.run()
            #expect(!watcher.supervisor.state.isListening)
            #expect(FileManager.default.createFile(atPath: gate, contents: nil))
            try await eventually("the port opened") { watcher.supervisor.state.isListening }
            watcher.supervisor.stop()
            #expect(try await exit == .code(0))
            foreign.supervisor.stop()
        }
        #expect(watcher.events == [.listening])
    }

    @Test func `a name is resolved and a name that nobody knows is only not open`() async throws {
        let port = try FreePort.next()
        #expect(await !PortProbe(host: "no-such-host.invalid", port: port).isOpen())
        _ = try await SupervisedApp(listener(on: port)).run { app in
            let probe = PortProbe(host: "localhost", port: port)
            #expect(await probe.waitUntilOpen { _ in })
            app.supervisor.stop()
        }
    }

    @Test func `notices come after 5 s, after 15 s, then every minute`() {
        var notices = WaitNotices()
        let due = (0...200).filter { notices.isDue(after: .seconds($0)) }
        #expect(due == [5, 15, 60, 120, 180])
    }

    @Test func `notices that were missed come once`() {
        var notices = WaitNotices()
        let due = [4, 70, 71, 119, 120].filter { notices.isDue(after: .seconds($0)) }
        #expect(due == [70, 120])
    }
}
