// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A file of the repository, with its lines as written and as code alone.
struct SourceFile: Sendable {
    /// From the repository's root: `Sources/Sidecar/Supervisor/Pipe.swift`.
    let path: String
    let lines: [String]
    /// The same lines with comments and the contents of string literals blanked, so that rules about code see nothing
    /// else.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = CodeScanner.blank(text).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    var name: String { String(path.split(separator: "/").last ?? "") }
    var isSwift: Bool { path.hasSuffix(".swift") }

    /// `FILE:LINE`, with the line counted from 1.
    func place(_ index: Int) -> String { "\(path):\(index + 1)" }
}

/// The repository as it is on disk.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    static let sources = files(under: "Sources")
    static let tests = files(under: "Tests")
    static let all = sources + tests
    static let manifest = SourceFile(path: "Package.swift", text: text("Package.swift") ?? "")

    static func text(_ path: String) -> String? { try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8) }

    private static func files(under folder: String) -> [SourceFile] {
        let found = FileManager.default.enumerator(atPath: "\(root)/\(folder)")?.compactMap { $0 as? String } ?? []
        return found.filter(isSource).sorted().compactMap { name in
            let path = "\(folder)/\(name)"
            return text(path).map { SourceFile(path: path, text: $0) }
        }
    }

    private static func isSource(_ path: String) -> Bool {
        [".swift", ".c", ".h"].contains { path.hasSuffix($0) }
    }
}
