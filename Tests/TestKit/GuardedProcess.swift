// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A program that doesn't outlive the process of the tests, even if that is killed.
///
/// A shell stands guard: it reads from a pipe of which this process holds the other end, and kills the program when the
/// pipe ends. (A death signal from the kernel would come when the thread ends that started the program.)
final class GuardedProcess {
    private let program = Process()
    private let shell = Process()
    /// The end of the pipe that is held here, and by no other child.
    private let held: FileHandle

    /// Starts a server, and returns when it takes connections on `port`.
    init(_ path: String, _ arguments: [String], port: Int) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        held = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        program.executableURL = URL(fileURLWithPath: path)
        program.arguments = arguments
        try Self.start(program)
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", "read -r _; kill -KILL \(program.processIdentifier)"]
        shell.standardInput = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        try Self.start(shell)
        let deadline = ContinuousClock.now + .seconds(10)
        while (try? ByteConnection(port: port)) == nil {
            guard ContinuousClock.now < deadline else { throw POSIXError(.ETIMEDOUT) }
            usleep(5_000)
        }
    }

    private static func start(_ process: Process) throws {
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit { kill() }

    /// Ends it as a crash does.
    func kill() {
        // The guard first, for the number of a program that has ended may be another's soon.
        for process in [shell, program] where process.isRunning {
            Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }
}
