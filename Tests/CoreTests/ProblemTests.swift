// SPDX-License-Identifier: Apache-2.0

import Core
import Testing

struct ProblemTests {
    @Test func `a problem is one line with its place and key`() {
        let problem = Problem(.file("a.yaml", line: 3, column: 5), key: "app.port", "found nothing, expected a port")
        #expect(problem.description == "a.yaml:3: app.port: found nothing, expected a port")
    }

    @Test func `a problem stays on one line whatever its key is`() {
        let problem = Problem(.builtIn, key: "a\nb\u{2028}", "found é, expected \u{1F469}\u{200D}\u{1F52C}")
        #expect(
            problem.description == #"built-in default: a\nb\u{2028}: found é, expected \#u{1F469}\#u{200D}\#u{1F52C}"#)
    }

    @Test func `a quoted value stays on one line`() {
        #expect(Problem.quote("a\nb\u{1B}[0m") == #""a\nb\u{1B}[0m""#)
    }

    @Test func `a long value is cut`() {
        let quoted = Problem.quote(String(repeating: "x", count: 1000))
        #expect(quoted.count == Problem.quotedCharactersMax + 3)
        #expect(quoted.hasSuffix("…\""))
    }

    @Test func `only unquoted null counts as nothing`() {
        let location = Core.SourceLocation.builtIn
        for text in ["", "~", "null", "Null", "NULL"] {
            #expect(DocumentNode(.scalar(text, isQuoted: false), at: location).summary == "nothing")
            #expect(DocumentNode(.scalar(text, isQuoted: true), at: location).text == text)
        }
    }
}
