// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why the app's command could not be started.
package struct SpawnError: Error, Sendable, Hashable, CustomStringConvertible {
    package var command: String
    /// The errno of the step that failed.
    package var code: Int32

    package init(command: String, code: Int32) {
        self.command = command
        self.code = code
    }

    /// 127 for a command that isn't there and 126 for one that can't be run, as a shell has it.
    package var exitStatus: Int32 { code == ENOENT || code == ENOTDIR ? 127 : 126 }

    package var description: String {
        switch code {
        case ENOENT where command.contains("/"), ENOTDIR: "\(command): no such file"
        case ENOENT: "\(command): not found in PATH"
        case EACCES: "\(command): not executable"
        default: "\(command): cannot be started: \(String(cString: strerror(code)))"
        }
    }
}
