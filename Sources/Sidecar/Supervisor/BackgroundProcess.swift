// SPDX-License-Identifier: Apache-2.0

import CSpawn
import Glibc

/// A daemon: this program once more, with the same arguments, in a session of its own.
///
/// It isn't forked but started anew, as a fork would have only one of the threads; so its command line stays the same
/// by itself. Whoever starts it waits until it serves or has failed.
package enum BackgroundProcess {
    /// Says to the new process that it is the one in the background.
    private static let variable = "OUTRIGGER_BACKGROUND_PROCESS"
    private static let readyByte: UInt8 = 1

    /// Whether this process is the one in the background.
    package static var isThisOne: Bool { getenv(variable) != nil }

    /// Starts it, and returns when it is ready or has ended: 0, or 1 if it hasn't become ready.
    package static func start(arguments: [String]) -> Int32 {
        guard let pipe = Pipe() else { return 1 }
        defer { close(pipe.readEnd) }
        setenv(variable, "1", 1)
        let words = CStringArray(arguments)
        let child = cspawn_again(words.pointers, cspawn_environment(), pipe.writeEnd)
        words.free()
        close(pipe.writeEnd)
        guard child > 0 else { return 1 }
        var byte: UInt8 = 0
        var count: Int
        repeat { count = read(pipe.readEnd, &byte, 1) } while count < 0 && errno == EINTR
        return count == 1 && byte == readyByte ? 0 : 1
    }

    /// Gives the new process the name that it was called by, for whoever looks it up.
    package static func takeName(of argument: String) {
        let name = argument.split(separator: "/").last.map(String.init) ?? argument
        let file = open("/proc/self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = write(file, name, name.utf8.count)
        close(file)
    }

    /// Tells whoever waits that this process serves, and lets go of the terminal's standard error.
    package static func becomeReady(keepsStandardError: Bool) {
        var byte = readyByte
        _ = write(CSPAWN_REPORT, &byte, 1)
        close(CSPAWN_REPORT)
        guard !keepsStandardError else { return }
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        guard null >= 0 else { return }
        dup2(null, STDERR_FILENO)
        close(null)
    }
}
