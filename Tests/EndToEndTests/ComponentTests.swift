// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    @Suite struct Components {
        private static let memory = """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {name: memory}
            spec: {type: state.in-memory, version: v1}

            """

        @Test func `an in-memory store keeps values as long as the process`() throws {
            let folder = try TemporaryFolder()
            try folder.write(Self.memory, to: "resources/memory.yaml")
            let first = try Sidecar.alone("-d", folder.path("resources"), on: folder)
            #expect(try first.api.post("/v1.0/state/memory", #"[{"key":"k","value":1}]"#).status == 204)
            #expect(try first.api.get("/v1.0/state/memory/k").body == "1")
            try first.stop()
            let second = try Sidecar.alone("-d", folder.path("resources"), on: folder)
            #expect(try second.api.get("/v1.0/state/memory/k").status == 204)
        }

        @Test func `a SQLite store of the user's own keeps values in the file that it names`() throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                apiVersion: dapr.io/v1alpha1
                kind: Component
                metadata: {name: mine}
                spec:
                  type: state.sqlite
                  version: v1
                  metadata:
                  - {name: connectionString, value: "\(folder.path("mine.db"))"}
                """, to: "resources/mine.yaml")
            let first = try Sidecar.alone("-d", folder.path("resources"), on: folder)
            #expect(try first.api.post("/v1.0/state/mine", #"[{"key":"k","value":1}]"#).status == 204)
            try first.crash()
            let second = try Sidecar.alone("-d", folder.path("resources"), on: folder)
            #expect(try second.api.get("/v1.0/state/mine/k").body == "1")
            #expect(FileManager.default.fileExists(atPath: folder.path("mine.db")))
        }

        @Test func `a component of an unknown type stops the start and is named`() throws {
            let folder = try TemporaryFolder()
            let unknown = Self.memory.replacing("state.in-memory", with: "state.no-such-engine")
            try folder.write(unknown, to: "resources/a.yaml")
            let sidecar = try Sidecar(.init(flags: ["-d", folder.path("resources")], folder: folder))
            #expect(try sidecar.process.waitForExit() != .status(0))
            #expect(sidecar.process.standardError.contains("state.no-such-engine"))
            #expect(sidecar.process.standardError.contains("a.yaml"))
        }

        @Test func `a component that fails is left out when its errors are to be ignored`() throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                apiVersion: dapr.io/v1alpha1
                kind: Component
                metadata: {name: broken}
                spec:
                  type: state.sqlite
                  version: v1
                  ignoreErrors: true
                  metadata:
                  - {name: connectionString, value: "/proc/no-such-folder/file.db"}
                """, to: "resources/broken.yaml")
            // Documents of a block take its default's place, even if one of them is left out.
            try folder.write(Self.memory.replacing("name: memory", with: "name: good"), to: "resources/good.yaml")
            let sidecar = try Sidecar.alone("-d", folder.path("resources"), on: folder)
            #expect(try sidecar.api.post("/v1.0/state/good", #"[{"key":"k","value":1}]"#).status == 204)
            #expect(try sidecar.api.get("/v1.0/state/broken/k").status >= 400)
            #expect(sidecar.process.output.contains("broken"))
        }

        @Test func `a component file that doesn't parse stops the start with file and line`() throws {
            let folder = try TemporaryFolder()
            let torn = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: [\n"
            try folder.write(torn, to: "resources/torn.yaml")
            let sidecar = try Sidecar(.init(flags: ["-d", folder.path("resources")], folder: folder))
            #expect(try sidecar.process.waitForExit() == .status(78))
            #expect(sidecar.process.standardError.contains(/torn\.yaml:\d+:/))
        }
    }

    @Suite struct Telemetry {
        @Test func `traffic shows in the metrics`() throws {
            let sidecar = try Sidecar.alone()
            _ = try sidecar.save("k", "1")
            _ = try sidecar.load("k")
            let metrics = try sidecar.admin.get("/metrics")
            #expect(metrics.status == 200)
            #expect(metrics.headers["content-type"]?.hasPrefix("text/plain") == true)
            #expect(metrics.body.contains(/outrigger_http_requests_total\{[^}]*status="204"[^}]*\} [1-9]/))
            for name in ["http_request_seconds", "state_operation_seconds", "sqlite_commit_batch_size"] {
                #expect(metrics.body.contains("outrigger_\(name)_count"), "\(name) is missing")
            }
        }

        @Test func `keys and unknown paths add no series`() throws {
            let sidecar = try Sidecar.alone()
            for number in 0..<50 {
                _ = try sidecar.save("key-\(number)", "1")
                _ = try sidecar.api.get("/no/such/path-\(number)")
            }
            let metrics = try sidecar.admin.get("/metrics").body
            #expect(!metrics.contains("key-7") && !metrics.contains("path-7"))
        }

        @Test func `logs are one JSON object per line when that is asked for`() throws {
            let sidecar = try Sidecar.alone("--log-as-json")
            try sidecar.waitUntilReady()
            try sidecar.stop()
            let lines = sidecar.process.standardError.split(separator: "\n")
            #expect(!lines.isEmpty)
            for line in lines {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
                for key in ["time", "level", "msg", "app_id"] {
                    #expect(object[key] != nil, "\(key) is missing in \(line)")
                }
            }
        }
    }
}
