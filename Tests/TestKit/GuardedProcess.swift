// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A program that doesn't outlive the process of the tests, even if that is killed.
///
/// A shell stands guard: it reads from a pipe of which this process holds the other end, and kills the program when the
/// pipe ends. (A death signal from the kernel would come when the thread ends that started the program.)
final class GuardedProcess {
    private static let guarding = "\"$@\" & read -r _; kill -KILL $!; wait"

    private let shell = Process()
    /// The end of the pipe that is held here, and by no other child.
    private let held: FileHandle

    /// Starts a server, and returns when it takes connections on `port`.
    init(_ program: String, _ arguments: [String], port: Int) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        held = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        shell.standardInput = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", Self.guarding, "sh", program] + arguments
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        let deadline = ContinuousClock.now + .seconds(10)
        while (try? ByteConnection(port: port)) == nil {
            guard ContinuousClock.now < deadline else { throw POSIXError(.ETIMEDOUT) }
            usleep(5_000)
        }
    }

    deinit { kill() }

    /// Ends it as a crash does.
    func kill() {
        guard shell.isRunning else { return }
        try? held.close()
        shell.waitUntilExit()
    }
}
