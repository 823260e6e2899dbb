// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import NIOCore
import Testing

@testable import Ambassador

@Suite struct AccessLogFileTests {
    @Test func `a file that was moved away is made anew`() async throws {
        let path = TemporaryFile.path("rotated")
        let file = try AccessLogFile(path: path, proxy: "web", buffer: .mebibytes(1), logger: .silent)
        file.write(ByteBuffer(string: "old\n"), lineCount: 1)
        file.reopen()
        while (try? TemporaryFile.read(path)) != "old\n" { try await Task.sleep(for: .milliseconds(1)) }
        rename(path, path + ".1")
        file.write(ByteBuffer(string: "still old\n"), lineCount: 1)
        file.reopen()
        file.write(ByteBuffer(string: "new\n"), lineCount: 1)
        await file.close()
        #expect(try TemporaryFile.take(path + ".1") == "old\nstill old\n")
        #expect(try TemporaryFile.take(path) == "new\n")
        #expect(file.droppedLines == 0)
    }

    @Test func `lines go behind those that are there`() async throws {
        let path = TemporaryFile.path("appended")
        for line in ["a\n", "b\n"] {
            let file = try AccessLogFile(path: path, proxy: "web", buffer: .mebibytes(1), logger: .silent)
            file.write(ByteBuffer(string: line), lineCount: 1)
            await file.close()
        }
        #expect(try TemporaryFile.take(path) == "a\nb\n")
    }

    @Test func `a path that can't be opened is said`() {
        #expect(throws: AccessLogError(path: "/nowhere/at/all", reason: "No such file or directory")) {
            try AccessLogFile(path: "/nowhere/at/all", proxy: "web", buffer: .mebibytes(1), logger: .silent)
        }
    }

    @Test func `if the path can't be opened again, lines go on to the old file`() async throws {
        let folder = TemporaryFile.path("folder")
        mkdir(folder, 0o700)
        let file = try AccessLogFile(path: folder + "/log", proxy: "web", buffer: .mebibytes(1), logger: .silent)
        rename(folder, folder + ".1")
        file.reopen()
        file.write(ByteBuffer(string: "kept\n"), lineCount: 1)
        await file.close()
        #expect(try TemporaryFile.take(folder + ".1/log") == "kept\n")
        rmdir(folder + ".1")
    }

    @Test func `what nobody reads is dropped and counted, and holds up nobody`() async throws {
        let path = TemporaryFile.path("pipe")
        mkfifo(path, 0o600)
        defer { unlink(path) }
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        let file = try AccessLogFile(path: path, proxy: "web", buffer: .kibibytes(64), logger: .silent)
        let line = String(repeating: "a", count: 4095) + "\n"
        let lines = ByteBuffer(string: String(repeating: line, count: 10))
        file.write(lines, lineCount: 10)
        #expect(await eventually { Self.unreadBytes(reader) == 10 * 4096 })
        let start = ContinuousClock.now
        for _ in 1..<100 { file.write(lines, lineCount: 10) }
        #expect(ContinuousClock.now - start < .seconds(1))
        #expect(file.droppedLines >= 900)
        // Its thread is in a write that ends with the reader; sixteen lines fill the pipe.
        #expect(await eventually { Self.unreadBytes(reader) == 16 * 4096 })
        close(reader)
        await file.close()
        #expect(file.droppedLines == 1000 - 16)
    }

    /// What is in a pipe.
    private static func unreadBytes(_ reader: Int32) -> Int {
        var count = Int32(0)
        return ioctl(reader, UInt(FIONREAD), &count) == 0 ? Int(count) : -1
    }
}
