// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit

/// A sidecar with an HTTP proxy, `web`, in front of two servers, `v1` and `v2`, that answer with their names.
final class ProxySetting {
    let sidecar: Sidecar
    let port: Int
    private let servers: [ScriptedServer]

    /// The routes as most tests want them.
    static let split = "everything: {match: {path: /}, split: {v1: 90, v2: 10}}"

    /// - Parameters:
    ///   - routes: entries of the table.
    ///   - more: further lines of the proxy.
    ///   - app: runs beside it.
    ///   - folder: another's, to run beside it.
    init(
        routes: String = split, more: String = "", environment: [String: String] = [:], app: TestApp? = nil,
        on folder: TemporaryFolder? = nil
    ) throws {
        servers = try ["v1", "v2"].map { name in
            try ScriptedServer { connection in
                while true {
                    try connection.readHead()
                    try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)")
                }
            }
        }
        port = try FreePort.next()
        let folder = try folder ?? TemporaryFolder()
        try folder.write(Self.file(port, servers, routes, more), to: "outrigger.yaml")
        sidecar = try Sidecar(
            Sidecar.Plan(
                appID: "shop", flags: ["--config", "outrigger.yaml"],
                environment: environment.merging(app?.environment ?? [:]) { $1 }, command: app?.command ?? [],
                hasAppPort: app != nil, folder: folder))
        try sidecar.waitUntilServing()
    }

    deinit { for server in servers { server.stop() } }

    /// Writes the file anew, and asks the sidecar to read it.
    ///
    /// - Parameter tls: what is said of TLS towards v2.
    func change(routes: String = split, more: String = "", tls: String = "{}") throws {
        try sidecar.folder.write(Self.file(port, servers, routes, more, tls: tls), to: "outrigger.yaml")
        sidecar.process.send(SIGHUP)
    }

    /// Who answers so many requests.
    func answers(_ count: Int) throws -> [String] {
        try (0..<count).map { _ in try Endpoint(port: port).get("/").body }
    }

    /// How often the configuration has been read again with this result.
    func reloads(_ result: String, of metric: String = "outrigger_config_reloads_total") throws -> Int {
        let beginning = "\(metric){result=\"\(result)\"} "
        let line = try sidecar.admin.get("/metrics").body.split(separator: "\n").first { $0.hasPrefix(beginning) }
        return line.flatMap { Int($0.dropFirst(beginning.count)) } ?? 0
    }

    /// Waits for an event in the log, which comes a moment after what it tells of.
    func waitUntilSaid(_ event: String) throws {
        try sidecar.waitUntil(event) { sidecar.process.output.contains(event) }
    }

    /// What `outrigger` prints for these arguments.
    func run(_ arguments: String...) throws -> (exit: Exit, output: String, errors: String) { try run(arguments) }

    func run(_ arguments: [String]) throws -> (exit: Exit, output: String, errors: String) {
        let (exit, process) = try Binary.run(arguments, in: sidecar.folder)
        return (exit, process.standardOutput, process.standardError)
    }

    private static func file(
        _ port: Int, _ servers: [ScriptedServer], _ routes: String, _ more: String, tls: String = "{}"
    ) -> String {
        """
        ambassador:
          http:
            web:
              listen: 127.0.0.1:\(port)
              routes:
                \(routes)
              upstreams:
                v1: {servers: [127.0.0.1:\(servers[0].port)]}
                v2: {servers: [127.0.0.1:\(servers[1].port)], tls: \(tls)}
              \(more)

        """
    }
}
