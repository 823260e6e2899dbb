// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct ManifestTests {
    /// Traits that the design asks for where a package is a dependency.
    static let traits = [
        "hummingbird": "[\"ConfigurationSupport\"]", "swift-subprocess": "[]", "swift-protobuf": "[]",
    ]

    /// Each dependency as it is written, with the line it begins in.
    private static var dependencies: [(name: String, text: String, line: Int)] {
        let text = SourceTree.manifest.lines.joined(separator: "\n")
        return text.matches(of: /\.package\(\s*url:\s*"[^"]*\/([^"\/]+)"[^()]*\)/).map { match in
            (String(match.1), String(match.0), text[..<match.range.lowerBound].count { $0 == "\n" } + 1)
        }
    }

    @Test func `dependencies are pinned to one version`() {
        #expect(!Self.dependencies.isEmpty)
        for dependency in Self.dependencies where !dependency.text.contains("exact: \"") {
            Issue.record("Package.swift:\(dependency.line): \(dependency.name) is not pinned with exact:")
        }
    }

    @Test func `dependencies bring only the traits that are needed`() {
        for dependency in Self.dependencies {
            guard let traits = Self.traits[dependency.name] else { continue }
            if !dependency.text.contains("traits: \(traits)") {
                let joined = dependency.text.filter { !$0.isWhitespace }
                if joined.contains("traits:\(traits)") { continue }
                Issue.record("Package.swift:\(dependency.line): \(dependency.name) needs traits: \(traits)")
            }
        }
    }

    @Test func `warnings are errors and no check is switched off`() {
        let text = SourceTree.manifest.lines.joined(separator: "\n")
        #expect(text.contains(".treatAllWarnings(as: .error)"))
        for flag in ["unsafeFlags", "-Ounchecked", "-disable-"] where text.contains(flag) {
            Issue.record("Package.swift: \(flag) is not allowed")
        }
    }
}
