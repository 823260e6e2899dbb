// SPDX-License-Identifier: Apache-2.0

/// Where a value was read: a file's line, an environment variable, a flag, or a built-in default.
package enum SourceLocation: Sendable, Hashable, CustomStringConvertible {
    /// A place in a file; line and column count from 1.
    case file(String, line: Int, column: Int)
    case environment(name: String)
    case flag(name: String)
    case builtIn

    package var description: String {
        switch self {
        case .file(let path, let line, _): "\(path):\(line)"
        case .environment(let name): "environment \(name)"
        case .flag(let name): "flag \(name)"
        case .builtIn: "built-in default"
        }
    }
}
