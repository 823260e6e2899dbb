// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

/// Debian's nutcracker, which the drop-in is compared with.
enum Nutcracker {
    static let path = ["/usr/sbin/nutcracker", "/usr/local/sbin/nutcracker"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
}

extension EndToEnd {
    @Suite struct DropIn {
        let folder: TemporaryFolder
        /// Our binary under twemproxy's name.
        let path: String

        init() throws {
            try Binary.require()
            folder = try TemporaryFolder()
            path = folder.path("nutcracker")
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: Binary.path)
        }

        private func start(_ path: String, _ arguments: [String]) throws -> ChildProcess {
            try ChildProcess(
                [path] + arguments, environment: Binary.environment(home: folder.path), workingDirectory: folder.path)
        }

        private func status(_ path: String, _ arguments: [String]) throws -> Exit {
            try start(path, arguments).waitForExit()
        }

        @Test(
            "flags end with nutcracker's exit status",
            .enabled(if: Nutcracker.path != nil, "nutcracker isn't installed"),
            arguments: [
                ["-V"], ["-h"], ["-D"], ["--version"], ["--help"], ["-q"], ["-v"], ["-v", "x"], ["-s", "0", "-t"],
                ["-m", "1"], ["-t"], ["-t", "-c", "none.yml"], ["-tc", "good.yml"], ["--test-conf", "--conf=good.yml"],
                ["word", "-t", "-c", "good.yml"], ["-V", "-q"], ["--stats"], ["-tc", "good.yml", "-dv11"],
            ])
        func flags(arguments: [String]) throws {
            try folder.write("alpha:\n  listen: 127.0.0.1:1\n  servers:\n   - 127.0.0.1:2:1\n", to: "good.yml")
            let expected = try status(try #require(Nutcracker.path), arguments)
            #expect(try status(path, arguments) == expected)
        }

        @Test(
            "files are taken and refused as nutcracker does",
            .enabled(if: Nutcracker.path != nil, "nutcracker isn't installed"),
            arguments: [
                "", "alpha:\n", "alpha: 1\n", "- a\n", "alpha:\n  listen: 127.0.0.1:1\n",
                "alpha:\n  servers:\n   - 127.0.0.1:2:1\n",
                "alpha:\n  listen: 127.0.0.1:1\n  servers:\n   - 127.0.0.1:2:1\n",
                "alpha:\n  listen: 127.0.0.1:1\n  servers: [\"127.0.0.1:2:1\"]\n",
                "alpha: {listen: 127.0.0.1:1}\n",
                "---\nalpha:\n  listen: 127.0.0.1:1\n  servers:\n   - 127.0.0.1:2:1\n",
                "alpha: &a\n  listen: 127.0.0.1:1\n  servers:\n   - 127.0.0.1:2:1\n",
                "alpha:\n  listen: !!str 127.0.0.1:1\n  servers:\n   - 127.0.0.1:2:1\n",
                "alpha:\n  listen: \"127.0.0.1:1\"\n  redis: 'true'\n  servers:\n   - 127.0.0.1:2:1 'a'\n",
                "alpha:\n  listen: 127.0.0.1:1\n  listen: 127.0.0.1:1\n  servers:\n   - 127.0.0.1:2:1\n",
            ] + directives)
        func files(text: String) throws {
            try folder.write(text, to: "a.yml")
            let expected = try status(try #require(Nutcracker.path), ["-t", "-c", "a.yml"])
            let ours = try start(path, ["-t", "-c", "a.yml"])
            #expect(try ours.waitForExit() == expected, "\(ours.standardError)")
        }

        /// One more line, or one more server, for a pool that is right.
        private static let directives: [String] = [
            "hash: md5", "hash: md6", "hash: crc32a", "hash: xxh3", "hash_tag: \"{}\"", "hash_tag: \"{\"",
            "distribution: random", "distribution: maglev", "timeout: 0", "timeout: -1", "timeout: 1s", "backlog: 0",
            "client_connections: 1", "redis: true", "redis: yes", "redis: True", "tcpkeepalive: false",
            "redis_auth: x", "redis: true\n  redis_auth: x", "redis_db: 1", "preconnect: true",
            "auto_eject_hosts: true", "server_connections: 0", "server_connections: 3", "server_retry_timeout: 0",
            "server_failure_limit: 0", "sentinels: a", "timeout:", "   - 127.0.0.1:3:1", "   - 127.0.0.1:2:2",
            "   - 127.0.0.1:3:0", "   - 127.0.0.1:3", "   - /tmp/a:1", "   - /tmp/a", "   - a:0:1", "   - ::1:3:1 six",
        ].map { line in
            let base = "alpha:\n  listen: 127.0.0.1:1\n"
            let servers = "  servers:\n   - 127.0.0.1:2:1\n"
            return line.hasPrefix(" ") ? base + servers + line + "\n" : base + "  \(line)\n" + servers
        }

        @Test(.enabled(if: Nutcracker.path != nil, "nutcracker isn't installed"))
        func `the statistics have nutcracker's fields`() throws {
            var answers: [Set<String>] = []
            for program in [try #require(Nutcracker.path), path] {
                let port = try FreePort.next()
                try write(listen: try FreePort.next(), servers: [try FreePort.next(), try FreePort.next()])
                let process = try start(
                    program, ["-c", "n.yml", "-s", "\(port)", "-a", "127.0.0.1", "-o", "l", "-p", "p"])
                answers.append(fields(try statistics(port)))
                process.send(SIGINT)
                #expect(try process.waitForExit() == .status(1))
            }
            #expect(answers[0] == answers[1])
            #expect(answers[0].contains("alpha.s0.requests"))
        }

        @Test(.enabled(if: RedisServer.path != nil, "redis-server isn't installed"))
        func `as a daemon it has its name, its pid's file and its log, and hears the signals`() throws {
            let server = try RedisServer(in: folder)
            let (port, stats) = (try FreePort.next(), try FreePort.next())
            try write(listen: port, servers: [server.port])
            let arguments = ["-d", "-c", "n.yml", "-o", "n.log", "-p", "n.pid", "-s", "\(stats)", "-a", "127.0.0.1"]
            // When the command returns, the daemon serves.
            #expect(try status(path, arguments) == .status(0))
            let pid = try #require(Int32(try read("n.pid")))
            defer { kill(pid, SIGKILL) }
            #expect(try RESPCall(port: port).send("SET", "a", "b") == "+OK")
            let command = try #require(FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"))
            #expect(String(decoding: command, as: UTF8.self) == ([path] + arguments).map { $0 + "\0" }.joined())
            #expect(try String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8) == "nutcracker\n")
            #expect(getsid(pid) == pid)

            try FileManager.default.moveItem(atPath: folder.path("n.log"), toPath: folder.path("n.log.1"))
            kill(pid, SIGHUP)
            try wait(for: "a new log") { (try? read("n.log")) != nil }
            for (signal, name) in [(SIGTTIN, "SIGTTIN"), (SIGTTOU, "SIGTTOU"), (SIGUSR1, "SIGUSR1")] {
                kill(pid, signal)
                try wait(for: name) { try read("n.log").contains("signal \(signal) (\(name)) received") }
            }
            #expect(try read("n.log.1").contains("(SIGHUP) received, reopening log file"))
            kill(pid, SIGTERM)
            try wait(for: "the end") { kill(pid, 0) != 0 }
            #expect(throws: (any Error).self) { try read("n.pid") }
        }

        @Test func `a daemon that can't serve says so, and its start fails`() throws {
            let port = try FreePort.next()
            let occupation = try PortOccupation(port: port)
            try write(listen: port, servers: [1])
            let process = try start(path, ["-d", "-c", "n.yml", "-s", "\(try FreePort.next())", "-a", "127.0.0.1"])
            #expect(try process.waitForExit() == .status(1))
            #expect(process.standardError.contains("is in use"))
            occupation.release()
        }

        @Test func `the start says who can reach the statistics`() throws {
            let stats = try FreePort.next()
            try write(listen: try FreePort.next(), servers: [1])
            let process = try start(Binary.path, ["nutcracker", "-c", "n.yml", "-s", "\(stats)"])
            try wait(for: "the banner") { process.standardError.contains("0.0.0.0:\(stats)") }
            process.send(SIGTERM)
            #expect(try process.waitForExit() == .status(0))
        }

        private func write(listen: Int, servers: [Int]) throws {
            let list = servers.enumerated().map { "   - 127.0.0.1:\($1):1 s\($0)\n" }.joined()
            try folder.write(
                "alpha:\n  listen: 127.0.0.1:\(listen)\n  redis: true\n  hash: murmur\n  servers:\n\(list)",
                to: "n.yml")
        }

        private func read(_ name: String) throws -> String {
            try String(contentsOfFile: folder.path(name), encoding: .utf8)
        }

        /// The one object that the port answers.
        private func statistics(_ port: Int) throws -> [String: Any] {
            var text = ""
            try wait(for: "statistics") {
                text = (try? Connection(port: port).readToEnd()) ?? ""
                return !text.isEmpty
            }
            return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
        }

        private func fields(_ object: [String: Any], under prefix: String = "") -> Set<String> {
            Set(
                object.flatMap { name, value -> [String] in
                    guard let inner = value as? [String: Any] else { return [prefix + name] }
                    return Array(fields(inner, under: "\(prefix)\(name)."))
                })
        }
    }
}
