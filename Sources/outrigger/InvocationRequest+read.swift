// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Core
internal import Glibc
internal import Runtime

extension InvocationRequest {
    /// Reads the command line with this process's environment; problems are printed, one line each, and end the
    /// process.
    static func read(_ arguments: [String]) throws -> InvocationRequest {
        do throws(Problems) {
            return try Invocation.request(arguments: arguments, environment: processEnvironment())
        } catch {
            for problem in error.all { StandardError.write(problem.description) }
            throw ExitCode(error.exitStatus)
        }
    }
}

/// The variables of this process. A name that is there twice, which only a hand-made environment has, keeps its first
/// value, as getenv does.
func processEnvironment() -> [String: String] {
    var environment: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
        let text = String(cString: entry)
        if let equals = text.firstIndex(of: "="), environment[String(text[..<equals])] == nil {
            environment[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        next += 1
    }
    return environment
}

enum StandardError {
    /// Writes a line; a closed standard error is nobody's problem.
    static func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
