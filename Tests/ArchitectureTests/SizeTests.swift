// SPDX-License-Identifier: Apache-2.0

import Testing

/// Sizes that a reader can hold in mind. Above the soft limit a warning, above the hard one a failure.
@Suite struct SizeTests {
    static let fileLinesSoft = 300
    static let fileLinesHard = 700
    static let functionLinesSoft = 40
    static let functionLinesHard = 70
    static let lineLengthMax = 120

    @Test func `files are short`() {
        for file in SourceTree.all {
            judge(file.lines.count, Self.fileLinesSoft, Self.fileLinesHard, "\(file.path):1: the file")
        }
    }

    @Test func `functions are short`() {
        for file in SourceTree.all where file.isSwift {
            for function in FunctionLength.all(in: file) {
                let place = "\(file.place(function.line)): \(function.name)"
                judge(function.lineCount, Self.functionLinesSoft, Self.functionLinesHard, place)
            }
        }
    }

    @Test func `lines are at most 120 characters long`() {
        for file in SourceTree.all {
            for (index, line) in file.lines.enumerated() where line.utf8.count > Self.lineLengthMax {
                guard line.count > Self.lineLengthMax else { continue }
                Issue.record("\(file.place(index)): \(line.count) characters, more than \(Self.lineLengthMax)")
            }
        }
    }

    @Test func `the length of a function is counted to its closing brace`() {
        let text = """
            protocol P { func none() -> Int
                func other() }
            func one() { if "}" == "{" {} }
            init(_ work: () -> Void = {}) {
                // }
                work()
            }
            """
        let lengths = FunctionLength.all(in: SourceFile(path: "a.swift", text: text))
        #expect(lengths.map(\.name) == ["one", "init"])
        #expect(lengths.map(\.lineCount) == [1, 4])
    }

    private func judge(_ count: Int, _ soft: Int, _ hard: Int, _ what: String) {
        if count > hard { Issue.record("\(what) has \(count) lines, more than the hard limit of \(hard)") }
        if soft < count && count <= hard {
            Issue.record("\(what) has \(count) lines, more than the soft limit of \(soft)", severity: .warning)
        }
    }
}
