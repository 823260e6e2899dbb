// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file that can't be written, as a sentence.
struct FileError: Error, CustomStringConvertible {
    var description: String
}

/// The log's file, which takes the place of standard error; so even a crash is told there.
struct NutcrackerLogFile: Sendable {
    var path: String

    /// Opens the file, also once more after something has moved it away.
    func open() throws(FileError) {
        let file = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            throw FileError(description: "opening log file '\(path)' failed: \(String(cString: strerror(errno)))")
        }
        dup2(file, STDERR_FILENO)
        close(file)
    }
}

/// The file with this process's id.
struct NutcrackerPIDFile: Sendable {
    var path: String

    func write() throws(FileError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            throw FileError(description: "opening pid file '\(path)' failed: \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        let text = "\(processID())"
        guard Glibc.write(file, text, text.utf8.count) == text.utf8.count else {
            throw FileError(description: "write to pid file '\(path)' failed: \(String(cString: strerror(errno)))")
        }
    }

    func remove() { unlink(path) }
}
