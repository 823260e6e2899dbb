// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit

/// The release binary that the tests look at from outside.
enum Binary {
    static let path = ProcessInfo.processInfo.environment["OUTRIGGER_BINARY"] ?? builtPath

    private static let builtPath = FileManager.default.currentDirectoryPath + "/.build/release/outrigger"

    /// `scripts/test` names the binary, and then its absence is a failure; a plain `swift test` without a release build
    /// leaves these tests out, visibly.
    static var isWanted: Bool {
        ProcessInfo.processInfo.environment["OUTRIGGER_BINARY"] != nil
            || FileManager.default.isExecutableFile(atPath: path)
    }

    static func require() throws {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw WaitedTooLong(description: "\(path) doesn't exist: run ./scripts/build first")
        }
    }

    /// What every process of a test gets: nothing of the user's own settings.
    static func environment(home: String, _ more: [String: String] = [:]) -> [String: String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin:/usr/sbin:/sbin"
        return ["PATH": path, "HOME": home, "LANG": "C.UTF-8"].merging(more) { $1 }
    }

    /// Runs a command that ends by itself, such as `check`, in `folder`.
    static func run(
        _ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:]
    ) throws -> (exit: Exit, process: ChildProcess) {
        try require()
        let process = try ChildProcess(
            [path] + arguments, environment: Self.environment(home: folder.path, environment),
            workingDirectory: folder.path)
        return (try process.waitForExit(), process)
    }
}

/// `outrigger run` under test, and the app beside it, with ports and folders of their own.
final class Sidecar: Sendable {
    let process: ChildProcess
    let api: Endpoint
    let grpc: Endpoint
    let admin: Endpoint
    let app: Endpoint
    let folder: TemporaryFolder

    /// What a test may choose; the defaults make a sidecar alone with the embedded store.
    struct Plan {
        var appID: String? = "cart"
        var flags: [String] = []
        var environment: [String: String] = [:]
        /// The app's command; empty for a sidecar alone.
        var command: [String] = []
        /// Whether the app has a port (`-p`).
        var hasAppPort = false
        /// Whether `-H`, `-G` and `-M` are given.
        var choosesPorts = true
        /// Runs before the binary and ends by executing it: `unshare`, a shell.
        var wrapper: [String] = []
        /// The folder of another sidecar, to start again on its data or beside it.
        var folder: TemporaryFolder? = nil
        /// Whether `--data-dir` is given; it is the folder's own.
        var choosesData = true
    }

    init(_ plan: Plan) throws {
        try Binary.require()
        folder = try plan.folder ?? TemporaryFolder()
        api = Endpoint(port: try FreePort.next())
        grpc = Endpoint(port: try FreePort.next())
        admin = Endpoint(port: try FreePort.next())
        app = Endpoint(port: try FreePort.next())
        var arguments = plan.wrapper + [Binary.path, "run"]
        if plan.choosesData { arguments += ["--data-dir", folder.path("data")] }
        if let appID = plan.appID { arguments += ["-a", appID] }
        if plan.choosesPorts { arguments += ["-H", "\(api.port)", "-G", "\(grpc.port)", "-M", "\(admin.port)"] }
        if plan.hasAppPort { arguments += ["-p", "\(app.port)"] }
        arguments += plan.flags
        if !plan.command.isEmpty { arguments += ["--"] + plan.command }
        process = try ChildProcess(
            arguments, environment: Binary.environment(home: folder.path, plan.environment),
            workingDirectory: folder.path)
    }

    /// A sidecar without an app; returns when it serves.
    static func alone(
        _ flags: String..., appID: String = "cart", on folder: TemporaryFolder? = nil,
        environment: [String: String] = [:]
    ) throws -> Sidecar {
        let sidecar = try Sidecar(Plan(appID: appID, flags: flags, environment: environment, folder: folder))
        try sidecar.waitUntilServing()
        return sidecar
    }

    /// A sidecar beside the test's app; returns at once.
    static func beside(
        _ app: TestApp, _ flags: String..., on folder: TemporaryFolder? = nil, environment: [String: String] = [:]
    ) throws -> Sidecar {
        try Sidecar(
            Plan(
                flags: flags, environment: environment.merging(app.environment) { $1 }, command: app.command,
                hasAppPort: true, folder: folder))
    }

    /// A sidecar beside a shell script that has no port; returns at once.
    static func beside(shell script: String, _ flags: String..., environment: [String: String] = [:]) throws -> Sidecar
    {
        try Sidecar(Plan(flags: flags, environment: environment, command: ["sh", "-c", script]))
    }

    // MARK: - Waiting

    func waitUntilServing() throws { try waitUntil("outbound health is ready") { outboundStatus == 204 } }
    func waitUntilReady() throws { try waitUntil("the sidecar is ready") { healthStatus == 204 } }

    /// Waits for the condition, but not for a sidecar that has ended.
    func waitUntil(_ what: String, upTo limit: Duration = patience, _ condition: () throws -> Bool) throws {
        do {
            try wait(for: what, upTo: limit) {
                if try condition() { return true }
                if let exit = process.exitNow() { throw WaitedTooLong(description: "\(what): it ended with \(exit)") }
                return false
            }
        } catch let error as WaitedTooLong {
            throw WaitedTooLong(description: "\(error)\n\(process.output)")
        }
    }

    var outboundStatus: Int? { api.status("/v1.0/healthz/outbound") }
    var healthStatus: Int? { api.status("/v1.0/healthz") }

    /// Ends it in order.
    @discardableResult
    func stop() throws -> Exit {
        process.send(SIGTERM)
        return try process.waitForExit()
    }

    /// Ends it as a crash does.
    func crash() throws {
        process.send(SIGKILL)
        _ = try process.waitForExit()
    }

    // MARK: - State

    func save(_ key: String, _ json: String) throws -> Answer {
        try api.post("/v1.0/state/statestore", #"[{"key":"\#(key)","value":\#(json)}]"#)
    }

    func load(_ key: String) throws -> Answer { try api.get("/v1.0/state/statestore/\(key)") }
}
