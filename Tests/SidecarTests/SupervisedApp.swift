// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Logging
import Sidecar
import Synchronization

/// A supervisor with an app, and what it said.
final class SupervisedApp: Sendable {
    let supervisor: Supervisor
    private let recorder: Recorder

    private final class Recorder: Sendable {
        let events = Mutex<[Supervisor.Event]>([])
        let messages = Mutex<[(id: String, sentence: String)]>([])
    }

    init(
        _ command: [String], environment: [String: String] = [:], adoptsOrphans: Bool = false,
        _ configure: (inout AppConfiguration) -> Void = { _ in }
    ) {
        var configuration = AppConfiguration()
        configure(&configuration)
        let recorder = Recorder()
        self.recorder = recorder
        let logger = Logger(label: "test") { _ in
            RecordingLogHandler { id, sentence in recorder.messages.withLock { $0.append((id, sentence)) } }
        }
        supervisor = Supervisor(
            command: command, environment: environment, configuration: configuration, logger: logger,
            adoptsOrphans: adoptsOrphans
        ) { event in recorder.events.withLock { $0.append(event) } }
    }

    convenience init(shell script: String, _ configure: (inout AppConfiguration) -> Void = { _ in }) {
        self.init(["/bin/sh", "-c", script], configure)
    }

    var events: [Supervisor.Event] { recorder.events.withLock { $0 } }
    /// The ids of what was logged.
    var logged: [String] { recorder.messages.withLock { $0.map(\.id) } }
    var sentences: [String] { recorder.messages.withLock { $0.map(\.sentence) } }

    var startCount: Int {
        events.count {
            guard case .started = $0 else { return false }
            return true
        }
    }

    /// Runs the app, and the script of the test as soon as the app has started.
    func run(whileRunning script: @escaping @Sendable (SupervisedApp) async throws -> Void) async throws -> AppExit {
        async let exit = supervisor.run()
        try await eventually("the app started") { self.startCount > 0 }
        try await script(self)
        return try await exit
    }
}

private struct RecordingLogHandler: LogHandler {
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.trace
    let record: @Sendable (_ id: String, _ sentence: String) -> Void

    init(_ record: @escaping @Sendable (_ id: String, _ sentence: String) -> Void) { self.record = record }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: Logging.LogEvent) {
        record(event.metadata?["event"].map { "\($0)" } ?? "", "\(event.message)")
    }
}

struct NeverHappened: Error, CustomStringConvertible { let description: String }

/// Waits until the condition holds; ten seconds are long enough for a machine with much else to do.
func eventually(_ description: String, _ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while !condition() {
        guard .now < deadline else { throw NeverHappened(description: description) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// A folder of its own for one test.
struct Scratch {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
        mkdir(path, 0o700)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }
    func text(_ name: String) -> String? { try? String(contentsOfFile: file(name), encoding: .utf8) }
    func number(_ name: String) -> Int32? {
        text(name).flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
    func remove() { try? FileManager.default.removeItem(atPath: path) }
}

/// Whether a process exists and is more than a zombie.
func isAlive(_ pid: Int32) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    guard let state = text.split(separator: ")").last?.split(separator: " ").first else { return false }
    return state != "Z"
}

/// A command that listens on a port until it is ended, from when there is a file, by default at once.
func listener(on port: Int, whenExists gate: String = "/") -> [String] {
    let script = """
        import os, socket, time
        while not os.path.exists("\(gate)"): time.sleep(0.005)
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", \(port)))
        s.listen()
        while True: s.accept()[0].close()
        """
    return ["/usr/bin/python3", "-c", script]
}

/// Runs blocking work on a thread of its own: the few threads of the task pool must never wait for each other.
func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: work()) }
    }
}
