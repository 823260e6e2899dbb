// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct Examples {
        private let project = FileManager.default.currentDirectoryPath

        private func demo(_ arguments: String..., in folder: TemporaryFolder) throws -> ChildProcess {
            try Binary.require()
            let environment = ["OUTRIGGER_BINARY": Binary.path, "TMPDIR": folder.path]
            return try ChildProcess(
                ["./scripts/demo"] + arguments, environment: Binary.environment(home: folder.path, environment),
                workingDirectory: project)
        }

        @Test(arguments: [
            ("shop", "nothing lost, no mail twice, each customer's order kept"), ("cart", "the cart is intact"),
            ("redis-sharding", "Only the keys of redis-1 are away"),
            ("http-canary", "it finds that `next` forgets the currency of some products"),
            ("https-for-legacy", "301 Moved Permanently"),
        ])
        func `a demo shows what it promises and ends by itself`(name: String, promise: String) throws {
            let folder = try TemporaryFolder()
            let demo = try demo(name, "--once", in: folder)
            #expect(try demo.waitForExit(upTo: .seconds(90)) == .status(0), "\(demo.output)")
            #expect(demo.standardOutput.contains(promise))
        }

        @Test func `a demo that is interrupted leaves no process and no file behind`() throws {
            let folder = try TemporaryFolder()
            let demo = try demo("shop", in: folder)
            try wait(for: "the second step") { demo.standardOutput.contains("2. Customers order") }
            demo.send(SIGINT)
            #expect(try demo.waitForExit() == .status(130), "\(demo.output)")
            #expect(try processes(mentioning: folder.path) == [])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }

        @Test func `a server that nobody changed is served, and comes back after a crash`() throws {
            try Binary.require()
            let folder = try TemporaryFolder()
            let (site, api, admin) = (try FreePort.next(), try FreePort.next(), try FreePort.next())
            let server = try ChildProcess(
                ["./run", "-H", "\(api)", "-M", "\(admin)", "--data-dir", folder.path("data")],
                environment: Binary.environment(
                    home: folder.path, ["OUTRIGGER_BINARY": Binary.path, "PORT": "\(site)"]),
                workingDirectory: "\(project)/Examples/static-files")
            try wait(for: "the sidecar to be ready") { Endpoint(port: api).status("/v1.0/healthz") == 204 }
            #expect(try Endpoint(port: site).get("/").body.contains("http.server"))

            let app = try #require(try children(of: server.processID).first)
            kill(app, SIGKILL)
            try wait(for: "the server to come back") { Endpoint(port: site).status("/") == 200 }
            server.send(SIGTERM)
            _ = try server.waitForExit()
        }
    }
}

/// The processes that have a text in their command.
private func processes(mentioning text: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
        guard Int(name) != nil, let command = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else {
            return false
        }
        return String(decoding: command, as: UTF8.self).contains(text)
    }
}

/// The processes whose parent is `parent`, whichever of its threads started them.
private func children(of parent: Int32) throws -> [Int32] {
    let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(parent)/task")
    return tasks.flatMap { task -> [Int32] in
        let list = FileManager.default.contents(atPath: "/proc/\(parent)/task/\(task)/children") ?? Data()
        return String(decoding: list, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
    }
}
