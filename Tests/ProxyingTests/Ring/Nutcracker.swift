// SPDX-License-Identifier: Apache-2.0

import Foundation
import Proxying
import Synchronization
import TestKit

/// Debian's twemproxy with one pool over servers that answer every command with their own number.
final class Nutcracker {
    static let path = "/usr/sbin/nutcracker"
    static let isInstalled = access(path, X_OK) == 0

    let port: Int
    private let process = Process()
    private let folder = FileManager.default.temporaryDirectory.appending(path: "nutcracker-\(UUID().uuidString)")

    /// `servers` are written behind the ports of `numbered`: `:1 name`.
    init(
        ring: RingKind, hash: KeyHash, tag: String? = nil, servers: [String], numbered: [ScriptedServer],
        extra: [String] = []
    ) throws {
        port = try FreePort.next()
        var lines = ["pool:", "  listen: 127.0.0.1:\(port)", "  redis: true", "  hash: \(hash.rawValue)"]
        lines +=
            ["  distribution: \(ring.rawValue)"] + (tag.map { ["  hash_tag: \"\($0)\""] } ?? [])
            + extra.map { "  \($0)" } + ["  servers:"]
        lines += zip(numbered, servers).map { "   - 127.0.0.1:\($0.port)\($1)" }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "nutcracker.yml")
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        process.executableURL = URL(filePath: Self.path)
        process.arguments = [
            "-c", file.path, "-o", folder.appending(path: "log").path, "-a", "127.0.0.1", "-s",
            "\(try FreePort.next())",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    func stop() {
        // A thread of the pool, from which it was started, blocks other signals, and its children inherit that.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// A server that answers each command `:number`; every command has as many lines as `command(for:)` gives it.
    static func numberedServer(_ number: Int) throws -> ScriptedServer {
        let answer = Array(":\(number)\r\n".utf8)
        return try ScriptedServer { connection in
            var lines = 0
            while true {
                let bytes = connection.readSome()
                if bytes.isEmpty { return }
                lines += count(UInt8(ascii: "\n"), in: bytes)
                let answers = Array(repeatElement(answer, count: lines / commandLines).joined())
                lines %= commandLines
                try connection.write(answers)
            }
        }
    }

    private static let commandLines = 5

    /// STRLEN of a key, which mustn't contain a line feed.
    static func command(for key: [UInt8]) -> [UInt8] {
        Array("*2\r\n$6\r\nSTRLEN\r\n$\(key.count)\r\n".utf8) + key + [0x0D, 0x0A]
    }

    private static func count(_ byte: UInt8, in bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { block in
            var count = 0
            var rest = block[...]
            // memchr, because a loop over bytes takes minutes in a debug build.
            while let start = rest.baseAddress, let found = memchr(start, Int32(byte), rest.count) {
                count += 1
                rest = rest.dropFirst(UnsafeRawPointer(found) - start + 1)
            }
            return count
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var baseAddress: UnsafeRawPointer? { isEmpty ? nil : base.baseAddress.map { $0 + startIndex } }
}

/// A connection to a nutcracker, which may have just been started. Each call blocks its thread, at most ten seconds.
final class NutcrackerClient {
    private let descriptor: Int32

    init(port: Int) throws {
        for _ in 0..<500 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            if withLoopbackAddress(port: port, { connect(descriptor, $0, $1) }) == 0 {
                self.descriptor = descriptor
                var limit = timeval(tv_sec: 10, tv_usec: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
                setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
                return
            }
            close(descriptor)
            usleep(10000)
        }
        throw POSIXError(.ECONNREFUSED)
    }

    deinit { close(descriptor) }

    /// The numbers of the servers that the commands came to; -1 for an error.
    func servers(of commands: [UInt8], count: Int) throws -> [Int] {
        var rest = commands[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { throw POSIXError(.EPIPE) }
            rest = rest.dropFirst(sent)
        }
        var answers: [Substring] = []
        var text = ""
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while answers.count < count {
            let received = recv(descriptor, &block, block.count, 0)
            guard received > 0 else { throw POSIXError(.ECONNRESET) }
            text += String(decoding: block.prefix(received), as: UTF8.self)
            guard text.utf8.last == 0x0A else { continue }
            answers += text.split(whereSeparator: \.isNewline)
            text = ""
        }
        return answers.map { Int($0.dropFirst()) ?? -1 }
    }
}
