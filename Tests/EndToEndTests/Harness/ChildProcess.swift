// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// How a process ended.
enum Exit: Equatable, CustomStringConvertible {
    case status(Int)
    case signal(Int)

    init(waitStatus: Int32) {
        let signal = Int(waitStatus & 0x7f)
        self = signal == 0 ? .status(Int(waitStatus >> 8) & 0xff) : .signal(signal)
    }

    var description: String {
        switch self {
        case .status(let status): "exit status \(status)"
        case .signal(let signal): "signal \(signal)"
        }
    }
}

/// Something that a test waited for and that didn't come.
struct WaitedTooLong: Error, CustomStringConvertible {
    var description: String
}

/// How long a test waits for what should happen soon; generous, because two cores run several tests at once.
let patience = Duration.seconds(20)

/// Waits until `condition` holds, asking again every few milliseconds.
func wait(for what: String, upTo limit: Duration = patience, until condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + limit
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw WaitedTooLong(description: "\(what): not within \(limit)") }
        usleep(5000)
    }
}

/// A process that a test started and that ends with the test.
///
/// Its output goes to files: nobody has to read along, and no pipe fills up or is inherited by a neighbour.
final class ChildProcess: Sendable {
    let processID: Int32
    private let folder: TemporaryFolder
    private let exit = Mutex<Exit?>(nil)

    /// Starts `arguments[0]`, looked up in PATH, in `workingDirectory`; its environment is `environment` and no more.
    init(_ arguments: [String], environment: [String: String], workingDirectory: String) throws {
        folder = try TemporaryFolder()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        let create = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 1, folder.path("stdout"), create, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, folder.path("stderr"), create, 0o600)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The threads on which tests run block all signals, and a child would inherit that.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))

        // env changes the folder and then becomes the command, so the process id is the command's.
        let command = ["env", "-C", workingDirectory] + arguments
        var pid: pid_t = 0
        let failure = Self.withCStrings(command) { arguments in
            Self.withCStrings(environment.map { "\($0)=\($1)" }) { environment in
                posix_spawnp(&pid, "env", &actions, &attributes, arguments, environment)
            }
        }
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EINVAL) }
        processID = pid
    }

    deinit {
        guard exit.withLock({ $0 }) == nil else { return }
        kill(-processID, SIGKILL)
        var status: Int32 = 0
        waitpid(processID, &status, 0)
    }

    var standardOutput: String { folder.text("stdout") }
    var standardError: String { folder.text("stderr") }
    /// Both, for sentences that may stand in either.
    var output: String { standardOutput + standardError }

    func send(_ signal: Int32) { kill(processID, signal) }

    /// How it ended, or nil while it runs.
    func exitNow() -> Exit? {
        exit.withLock { exit in
            if exit != nil { return exit }
            var status: Int32 = 0
            if waitpid(processID, &status, WNOHANG) == processID { exit = Exit(waitStatus: status) }
            return exit
        }
    }

    func waitForExit(upTo limit: Duration = patience) throws -> Exit {
        try wait(for: "the end of process \(processID), which said:\n\(output)", upTo: limit) { exitNow() != nil }
        return exitNow() ?? .signal(0)
    }

    /// Calls `body` with the strings as C wants them: an array that ends with a null pointer.
    private static func withCStrings<R>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R
    ) -> R {
        // Safe: strdup's copies live until the defer below frees them, after `body` has returned.
        let pointers = strings.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        return body(pointers)
    }
}
