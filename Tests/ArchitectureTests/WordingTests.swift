// SPDX-License-Identifier: Apache-2.0

import Testing

/// Rules about words: names, headers, and the sentences that dangerous operations need.
@Suite struct WordingTests {
    static let bannedWords: Set<String> = [
        "Utils", "Util", "Utilities", "Helper", "Helpers", "Manager", "Common", "Misc", "Impl",
    ]
    /// How far above a dangerous line its `// Safe:` sentence may begin.
    static let safeSentenceDistance = 4

    @Test func `names are terms of the domain`() {
        for file in SourceTree.all {
            report(file.path.split(separator: "/").map { String($0.prefix { $0 != "." }) }, at: "\(file.path):1")
            guard file.isSwift else { continue }
            for (index, line) in file.code.enumerated() {
                report(Self.declaredTypes(line), at: file.place(index))
            }
        }
    }

    @Test func `each file says its licence in the first line, or after the manifest's tools version`() {
        for file in SourceTree.all + [SourceTree.manifest] {
            let index = file.path == "Package.swift" ? 1 : 0
            if file.lines.count <= index || file.lines[index] != "// SPDX-License-Identifier: Apache-2.0" {
                Issue.record("\(file.place(index)): expected // SPDX-License-Identifier: Apache-2.0")
            }
        }
    }

    @Test func `nothing is left for later in a comment`() {
        // Put together, so that this file doesn't break its own rule.
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]
        for file in SourceTree.all {
            for (index, line) in file.lines.enumerated() {
                for mark in marks where line.contains(mark) { Issue.record("\(file.place(index)): \(mark)") }
            }
        }
    }

    @Test func `what can go wrong without a check has a sentence why it doesn't`() {
        for file in SourceTree.sources where file.isSwift {
            // Hashes are sums that may overflow from top to bottom; there one sentence at the head says so.
            let isModular = file.lines.contains { $0.hasPrefix("// Safe in this file: ") }
            for (index, line) in file.code.enumerated() {
                guard let danger = Self.danger(in: line) else { continue }
                let near = file.lines[max(0, index - Self.safeSentenceDistance)...index]
                if near.contains(where: { $0.contains("// Safe:") }) { continue }
                if danger.hasPrefix("&"), isModular { continue }
                Issue.record("\(file.place(index)): \(danger) needs a // Safe: sentence")
            }
        }
    }

    @Test func `access is package, never public`() {
        for file in SourceTree.sources where file.isSwift {
            for (index, line) in file.code.enumerated() where Self.isPublic(line) {
                Issue.record("\(file.place(index)): public is only for what is promised to outsiders")
            }
        }
    }

    @Test(
        "Dangers are found in code and not elsewhere",
        arguments: [
            ("let a = b!", "!"), ("f(x)!.y", "!"), ("a[0]!", "!"), ("try! f()", "try!"), ("a as! B", "as!"),
            ("a &+ b", "&+"), ("a &+= b", "&+"), ("final class A: @unchecked Sendable {", "@unchecked"),
            ("nonisolated(unsafe) var a = 1", "unsafe"), ("unsafeBitCast(a, to: B.self)", "unsafe"),
            ("if !a && b != c {", nil), ("a !== b", nil), ("f(!a)", nil), ("a && !b", nil),
            ("withUnsafeBytes(of: a) {", nil),
        ])
    func dangers(_ row: (line: String, danger: String?)) {
        #expect(Self.danger(in: row.line) == row.danger)
    }

    @Test func `comments and literals are no code, but interpolations are`() {
        let text = """
            let a = "b! \\(c!) \\"d!" // e!
            let f = #"g"! \\(h!)"#; /* i! /* j! */ k! */ l!
            """
        let code = SourceFile(path: "a.swift", text: text).code
        #expect(code[0].filter { $0 != " " } == "leta=c!")
        #expect(code[1].filter { $0 != " " } == "letf=;l!")
    }

    /// The first dangerous operation of a line; a quick look at its bytes spares most lines the patterns.
    static func danger(in line: String) -> String? {
        guard line.utf8.contains(where: { "!&@".utf8.contains($0) }) || line.contains("unsafe") else { return nil }
        if line.contains(/\btry!/) { return "try!" }
        if line.contains(/\bas!/) { return "as!" }
        if line.contains("@unchecked") { return "@unchecked" }
        if line.contains(/\bunsafe(?:BitCast|Downcast|AddressOf)?\b/) { return "unsafe" }
        if let overflow = line.firstMatch(of: /&[-+*]/) { return String(overflow.0) }
        return line.contains(/[\w)\]}"]!(?!=)/) ? "!" : nil
    }

    private static func isPublic(_ line: String) -> Bool {
        guard line.contains("public ") || line.contains("open ") else { return false }
        return line.contains(/\b(?:public|open)\s+\w/) && !line.contains(/\bopen\s*\(/)
    }

    private static func declaredTypes(_ line: String) -> [String] {
        line.matches(of: /\b(?:class|struct|enum|protocol|actor|typealias)\s+([A-Z]\w*)/).map { String($0.1) }
    }

    private func report(_ names: [String], at place: String) {
        for name in names {
            let words = name.matches(of: /[A-Z][a-z]+/).map { String($0.0) }
            for word in words where Self.bannedWords.contains(word) {
                Issue.record("\(place): \(name): \(word) says nothing about the domain")
            }
        }
    }
}
