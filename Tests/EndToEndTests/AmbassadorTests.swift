// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

private let canMount = geteuid() == 0 && access("/usr/bin/unshare", X_OK) == 0

extension EndToEnd {
    @Suite(.enabled(if: RedisServer.path != nil, "redis-server isn't installed: ./scripts/setup installs it"))
    struct Ambassador {
        /// The ambassador alone before real servers.
        struct Setting {
            let folder: TemporaryFolder
            let servers: [RedisServer]
            let port: Int

            init(servers count: Int = 2) throws {
                let folder = try TemporaryFolder()
                self.folder = folder
                servers = try (0..<count).map { _ in try RedisServer(in: folder) }
                port = try FreePort.next()
                let list = servers.enumerated().map { "s\($0): 127.0.0.1:\($1.port)" }.joined(separator: ", ")
                try folder.write(
                    """
                    api: {enabled: false}
                    admin: {enabled: false}
                    ambassador:
                      redis:
                        cache: {listen: 127.0.0.1:\(port), servers: {\(list)}}
                    """, to: "outrigger.yaml")
            }

            func run(_ command: [String] = []) throws -> ChildProcess {
                try Binary.require()
                let more = command.isEmpty ? [] : ["--"] + command
                return try ChildProcess(
                    [Binary.path, "run", "--config", "outrigger.yaml"] + more,
                    environment: Binary.environment(home: folder.path), workingDirectory: folder.path)
            }

            func serving() throws -> ChildProcess {
                let process = try run()
                try wait(for: "the pool serves") { (try? RESPCall(port: port).send("GET", "none")) == "$-1" }
                return process
            }
        }

        @Test(.enabled(if: canMount, "mounting a file of names needs root"))
        func `a name whose first address refuses leads to the next one`() throws {
            let folder = try TemporaryFolder()
            let (server, port) = (try RedisServer(in: folder), try FreePort.next())
            try folder.write("::1 localhost\n127.0.0.1 localhost\n", to: "hosts")
            try folder.write(
                """
                api: {enabled: false}
                admin: {enabled: false}
                ambassador: {redis: {cache: {listen: 127.0.0.1:\(port), servers: {s0: localhost:\(server.port)}}}}
                """, to: "outrigger.yaml")
            let mount = #"mount --bind "$0" /etc/hosts && exec "$@""#
            let wrapper = ["/usr/bin/unshare", "-m", "sh", "-c", mount, folder.path("hosts")]
            let process = try ChildProcess(
                wrapper + [Binary.path, "run", "--config", "outrigger.yaml"],
                environment: Binary.environment(home: folder.path), workingDirectory: folder.path)
            try wait(for: "the pool serves") { (try? RESPCall(port: port).send("SET", "k", "v")) == "+OK" }
            #expect(process.exitNow() == nil)
        }

        @Test func `alone it spreads keys over servers, and needs neither an app nor a folder`() throws {
            let setting = try Setting()
            let process = try setting.serving()
            let call = try RESPCall(port: setting.port)
            for key in 0..<100 { #expect(try call.send("SET", "key:\(key)", "\(key)") == "+OK") }
            for key in 0..<100 { #expect(try call.send("GET", "key:\(key)") == "\(key)") }
            let counts = try setting.servers.map { try $0.keyCount() }
            #expect(counts.reduce(0, +) == 100)
            #expect(counts.allSatisfy { $0 > 20 })
            #expect(process.output.contains("is up: pools cache 127.0.0.1:\(setting.port)"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: setting.folder.path) == ["outrigger.yaml"])

            process.send(SIGTERM)
            #expect(try process.waitForExit() == .status(0))
            #expect(throws: NoAnswer.self) { try RESPCall(port: setting.port) }
        }

        @Test(arguments: [true, false])
        func `a server that is added to the file takes its keys, and no client is closed`(asks: Bool) throws {
            let setting = try Setting(servers: 1)
            let process = try setting.serving()
            let call = try RESPCall(port: setting.port)
            let added = try RedisServer(in: setting.folder)
            let path = setting.folder.path("outrigger.yaml")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let changed = text.replacingOccurrences(of: "servers: {", with: "servers: {new: 127.0.0.1:\(added.port), ")
            try setting.folder.write(changed + "\n", to: "outrigger.yaml")
            if asks { process.send(SIGHUP) }
            try wait(for: "the new server") { process.output.contains("cache.servers.new") }
            var key = 0
            try wait(for: "keys on the new server") {
                key += 1
                #expect(try call.send("SET", "key:\(key)", "v") == "+OK")
                return try added.keyCount() > 0
            }
            #expect(process.exitNow() == nil)
        }

        @Test func `a changed file that is wrong, or needs a restart, changes nothing`() throws {
            let setting = try Setting(servers: 1)
            let process = try setting.serving()
            let text = try String(contentsOfFile: setting.folder.path("outrigger.yaml"), encoding: .utf8)
            try setting.folder.write(
                text.replacingOccurrences(of: "servers: {", with: "servers: {b: x, "), to: "outrigger.yaml")
            process.send(SIGHUP)
            try wait(for: "the problem") { process.output.contains("configuration.kept") }
            #expect(process.output.contains("ambassador.redis.cache.servers.b: found"))
            try setting.folder.write(
                text.replacingOccurrences(of: "servers: {", with: "hash: md5, servers: {"), to: "outrigger.yaml")
            process.send(SIGHUP)
            try wait(for: "the setting that waits") {
                process.output.contains("take effect at the next start only: ambassador.redis.cache.hash.")
            }
            #expect(try RESPCall(port: setting.port).send("SET", "a", "b") == "+OK")
        }

        @Test func `a pool whose port is taken stops the start`() throws {
            let setting = try Setting(servers: 1)
            let occupation = try PortOccupation(port: setting.port)
            let process = try setting.run()
            #expect(try process.waitForExit() == .status(1))
            #expect(process.output.contains("port \(setting.port) of 127.0.0.1 is in use"))
            occupation.release()
        }

        @Test func `the app has the limit of descriptors that it would have alone`() throws {
            let setting = try Setting(servers: 1)
            let process = try ChildProcess(
                [
                    "sh", "-c",
                    "ulimit -Sn 300; exec \(Binary.path) run --config outrigger.yaml -- sh -c 'ulimit -Sn; ulimit -Hn'",
                ], environment: Binary.environment(home: setting.folder.path, ["OUTRIGGER_LOG_LEVEL": "debug"]),
                workingDirectory: setting.folder.path)
            #expect(try process.waitForExit() == .status(0))
            let limits = process.standardOutput.split(separator: "\n").map(String.init)
            #expect(limits.count == 2 && limits[0] == "300" && limits[1] != "300")
            #expect(process.output.contains("began with 300"))
        }

        @Test func `limits that the process can't keep are said at the start`() throws {
            let setting = try Setting(servers: 1)
            let process = try ChildProcess(
                ["sh", "-c", "ulimit -n 300; exec \(Binary.path) run --config outrigger.yaml -- true"],
                environment: Binary.environment(home: setting.folder.path), workingDirectory: setting.folder.path)
            #expect(try process.waitForExit() == .status(0))
            #expect(process.output.contains("descriptors.scarce"))
        }

        @Test func `check lists the pools`() throws {
            let setting = try Setting(servers: 1)
            let (exit, process) = try Binary.run(["check", "--config", "outrigger.yaml"], in: setting.folder)
            #expect(exit == .status(0))
            #expect(process.standardOutput.contains("pool       cache on 127.0.0.1:\(setting.port), 1 servers\n"))
        }
    }
}
