// SPDX-License-Identifier: Apache-2.0

import Core
import FoundationEssentials
import Runtime
import Settings

/// A folder of files for one test; it is removed with the value.
final class ConfigurationFolder {
    let path = FileManager.default.temporaryDirectory.path + "/outrigger-" + UUID().uuidString

    init(_ files: [String: String] = [:]) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try write(text, to: name) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        if let slash = name.lastIndex(of: "/") {
            try FileManager.default.createDirectory(
                atPath: path + "/" + name[..<slash], withIntermediateDirectories: true)
        }
        try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
    }

    /// Reads a command line; `@` in it stands for the folder.
    func invocation(_ arguments: String..., environment: [String: String] = [:]) throws -> Invocation {
        try invocation(arguments, environment: environment)
    }

    func invocation(_ arguments: [String], environment: [String: String] = [:]) throws -> Invocation {
        let arguments = arguments.map { $0.replacing("@", with: path) }
        guard case .run(let invocation) = try Invocation.request(arguments: arguments, environment: environment) else {
            throw Problems([])
        }
        return invocation
    }

    /// The problems of a command line, a line each, with `@` for the folder, and the exit status.
    func problems(_ arguments: String..., environment: [String: String] = [:]) -> (lines: [String], exitStatus: Int32) {
        problems(arguments, environment: environment)
    }

    func problems(_ arguments: [String], environment: [String: String] = [:]) -> (lines: [String], exitStatus: Int32) {
        do throws(Problems) {
            let arguments = arguments.map { $0.replacing("@", with: path) }
            _ = try Invocation.request(arguments: arguments, environment: environment)
            return ([], 0)
        } catch {
            return (error.all.map { $0.description.replacing(path, with: "@") }, error.exitStatus)
        }
    }
}
