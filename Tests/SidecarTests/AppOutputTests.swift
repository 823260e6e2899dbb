// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Sidecar

@Suite struct LinePrefixerTests {
    private func prefixed(_ chunks: [String]) -> String {
        var prefixer = LinePrefixer(prefix: "a | ")
        let output = chunks.flatMap { prefixer.append(Array($0.utf8)) } + prefixer.finish()
        return String(decoding: output, as: UTF8.self)
    }

    @Test(
        "Each line gets the prefix, however the bytes arrive",
        arguments: [
            ([], ""),
            (["one\ntwo\n"], "a | one\na | two\n"),
            (["o", "ne\nt", "wo\n"], "a | one\na | two\n"),
            (["\n\n"], "a | \na | \n"),
            (["no end"], "a | no end\n"),
            (["\r\n"], "a | \r\n"),
        ])
    func lines(_ row: (chunks: [String], output: String)) {
        #expect(prefixed(row.chunks) == row.output)
    }

    @Test func `a line that is too long is continued and loses nothing`() {
        let limit = LinePrefixer.lineBytesMax
        let long = String(repeating: "x", count: 2 * limit + 5)
        let lines = prefixed([long, "\nnext\n"]).split(separator: "\n")
        #expect(lines.map(\.utf8.count) == [limit + 4, limit + 4, 9, 8])
    }

    @Test func `a line of exactly the limit is one line`() {
        let full = String(repeating: "x", count: LinePrefixer.lineBytesMax)
        #expect(prefixed([full, "\n"]) == "a | \(full)\n")
        #expect(prefixed([full + "\n"]) == "a | \(full)\n")
    }
}

@Suite(.timeLimit(.minutes(1))) struct OutputRelayTests {
    /// Runs a script in a relay whose targets are files, and returns what they got.
    private func relay(_ script: String) async throws -> (output: String?, error: String?) {
        let scratch = Scratch()
        defer { scratch.remove() }
        let targets = (
            output: creat(scratch.file("out"), 0o600), error: creat(scratch.file("err"), 0o600)
        )
        let relay = try #require(OutputRelay(targets: targets))
        // The thread that starts the child must live until its end, so it blocks there.
        async let exit = onThread { () -> AppExit? in
            let (output, error) = relay.writeEnds
            let child = try? ChildProcess.start(
                ["/bin/sh", "-c", script], environment: [:],
                streams: ChildProcess.Streams(output: output, error: error))
            relay.closeWriteEnds()
            return child?.wait(adoptingOrphans: false)
        }
        await onThread { relay.run(prefix: "cart | ") }
        #expect(await exit == .code(0))
        relay.closeReadEnds()
        close(targets.output)
        close(targets.error)
        return (scratch.text("out"), scratch.text("err"))
    }

    @Test func `an output that nobody reads doesn't outlive the app`() async throws {
        let stalled = try #require(Pipe())
        defer { stalled.close() }
        let relay = try #require(OutputRelay(targets: (output: stalled.writeEnd, error: stalled.writeEnd)))
        async let exit = onThread { () -> AppExit? in
            let (output, error) = relay.writeEnds
            // More than both pipes hold, so that the relay is in the middle of a write when the app ends.
            let child = try? ChildProcess.start(
                ["/bin/sh", "-c", "(sleep 0.2; kill -9 $$) & exec yes"], environment: [:],
                streams: ChildProcess.Streams(output: output, error: error))
            relay.closeWriteEnds()
            defer { relay.stop() }
            return child?.wait(adoptingOrphans: false)
        }
        await onThread { relay.run(prefix: "cart | ") }
        #expect(await exit == .signal(SIGKILL))
        relay.closeReadEnds()
    }

    @Test func `both streams are prefixed and kept apart`() async throws {
        let result = try await relay("echo one; echo bad >&2; printf two")
        #expect(result.output == "cart | one\ncart | two\n")
        #expect(result.error == "cart | bad\n")
    }

    @Test func `much output arrives whole`() async throws {
        let result = try await relay("seq 1 100000")
        let lines = result.output?.split(separator: "\n") ?? []
        #expect(lines.count == 100_000)
        #expect(lines.last == "cart | 100000")
    }

    @Test func `a process that keeps the pipe doesn't hold the relay`() async throws {
        let relay = try #require(OutputRelay())
        let begin = ContinuousClock.now
        relay.stop()
        await onThread { relay.run(prefix: "") }
        #expect(.now - begin >= OutputRelay.drainTimeMax)
        relay.closeWriteEnds()
        relay.closeReadEnds()
    }

    @Test func `the app goes on when nobody reads the sidecar's output`() async throws {
        let readOnly = open("/dev/null", O_RDONLY)
        defer { close(readOnly) }
        let relay = try #require(OutputRelay(targets: (readOnly, readOnly)))
        write(relay.writeEnds.output, "lost\n", 5)
        relay.closeWriteEnds()
        await onThread { relay.run(prefix: "") }
        relay.closeReadEnds()
    }
}
