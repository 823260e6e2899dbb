// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Sidecar
import Testing

/// What only shows in a process of its own: the sidecar's death, its signals, its adopted children.
@Suite(.timeLimit(.minutes(1))) struct SidecarDeathTests {
    @Test func `an app doesn't outlive a sidecar that is killed`() async throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let path = scratch.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let app = SupervisedApp(shell: "echo $$ > \(path)/part; mv \(path)/part \(path)/pid; exec sleep 60")
            _ = try await app.run { _ in
                try await eventually("the app runs") { access("\(path)/pid", F_OK) == 0 }
                kill(getpid(), SIGKILL)
            }
        }
        let pid = try #require(scratch.number("pid"))
        try await eventually("the app ended") { !isAlive(pid) }
    }

    @Test func `signals arrive in order as a sequence`() async {
        await #expect(processExitsWith: .success) {
            var signals = Signals.install().makeAsyncIterator()
            kill(getpid(), SIGHUP)
            #expect(await signals.next() == .hangUp)
            kill(getpid(), SIGTERM)
            #expect(await signals.next() == .terminate)
            kill(getpid(), SIGWINCH)
            #expect(await signals.next() == .windowChanged)
        }
    }

    @Test func `orphans are reaped by a sidecar that adopts them`() async {
        await #expect(processExitsWith: .success) {
            #expect(try becomeSubreaper() == 0)
            // Each inner shell dies at once and leaves a sleep behind, in a session of its own, that outlives it.
            let script = "for i in 1 2 3; do sh -c 'setsid sleep 0.2 &'; done; sleep 0.6; exit 3"
            let app = SupervisedApp(["/bin/sh", "-c", script], adoptsOrphans: true)
            let exit = try await app.supervisor.run()
            #expect(exit == .code(3))
            // With no child left, not even a zombie, there is nothing to wait for.
            #expect(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD)
        }
    }
}

/// The output of the whole sidecar, seen from outside.
@Suite(.timeLimit(.minutes(1))) struct SupervisorOutputTests {
    private static let script = "printf 'one\\ntwo'; echo bad >&2"

    @Test func `plain output is passed on byte for byte`() async throws {
        let result = await #expect(
            processExitsWith: .success, observing: [\.standardOutputContent, \.standardErrorContent]
        ) {
            _ = try await SupervisedApp(shell: Self.script).supervisor.run()
        }
        #expect(result.map { Self.contains($0.standardOutputContent, "one\ntwo") } == true)
        #expect(result.map { Self.contains($0.standardErrorContent, "bad\n") } == true)
        #expect(result.map { Self.contains($0.standardErrorContent, "cart | ") } == false)
    }

    @Test func `prefixed output carries the app's id on both streams`() async throws {
        let result = await #expect(
            processExitsWith: .success, observing: [\.standardOutputContent, \.standardErrorContent]
        ) {
            let app = SupervisedApp(shell: Self.script) {
                $0.id = "cart"
                $0.output = .prefixed
            }
            let exit = try await app.supervisor.run()
            #expect(exit == .code(0))
        }
        #expect(result.map { Self.contains($0.standardOutputContent, "cart | one\ncart | two\n") } == true)
        #expect(result.map { Self.contains($0.standardErrorContent, "cart | bad\n") } == true)
    }

    @Test func `a failed start with prefixed output gives all descriptors back`() async throws {
        await #expect(processExitsWith: .success) {
            let count = { try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
            let run = { @Sendable () async in
                let app = SupervisedApp(["/no/such/file"]) { $0.output = .prefixed }
                _ = try? await app.supervisor.run()
            }
            await run()
            let before = try #require(count())
            await run()
            #expect(count() == before)
        }
    }

    /// The test library writes to the same streams, so that the app's bytes are searched and not compared.
    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains(text)
    }
}

/// Makes the kernel give this process the orphans of its descendants, as process 1 gets those of everybody.
private func becomeSubreaper() throws -> Int32 {
    // Glibc's module leaves out prctl because it is variadic. 36 is PR_SET_CHILD_SUBREAPER (prctl(2)).
    typealias Control = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
    let symbol = try #require(dlsym(nil, "prctl"))
    // Safe: the five arguments are those that the kernel takes, all in registers.
    return unsafeBitCast(symbol, to: Control.self)(36, 1, 0, 0, 0)
}
