// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

extension EndToEnd {
    @Suite struct Examples {
        private let project = FileManager.default.currentDirectoryPath

        @Test func `the demo shows what it promises and ends by itself`() throws {
            try Binary.require()
            let folder = try TemporaryFolder()
            let demo = try ChildProcess(
                ["./scripts/demo", "--once"],
                environment: Binary.environment(home: folder.path, ["OUTRIGGER_BINARY": Binary.path]),
                workingDirectory: project)
            #expect(try demo.waitForExit(upTo: .seconds(60)) == .status(0), "\(demo.output)")
            #expect(demo.standardOutput.contains("the cart is intact"))
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

/// The processes whose parent is `parent`, whichever of its threads started them.
private func children(of parent: Int32) throws -> [Int32] {
    let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(parent)/task")
    return tasks.flatMap { task -> [Int32] in
        let list = FileManager.default.contents(atPath: "/proc/\(parent)/task/\(task)/children") ?? Data()
        return String(decoding: list, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
    }
}
