// SPDX-License-Identifier: Apache-2.0

import Testing
import WireCEL

/// `matches` with the syntax of RE2.
@Suite struct PatternTests {
    @Test(arguments: [
        ("abc", "xabcx", true), ("^abc$", "xabc", false), ("^abc$", "abc", true), ("", "anything", true),
        ("a|b|c", "xxc", true), ("^(a|b)c$", "bc", true), ("^a*$", "aaaa", true), ("^a*$", "", true),
        ("^a+$", "", false),
        ("^a?b$", "b", true), ("^a{2,3}$", "a", false), ("^a{2,3}$", "aaa", true), ("^a{2,3}$", "aaaa", false),
        ("^a{2}$", "aa", true), ("^a{2,}$", "aaaaa", true), ("a{,2}", "a{,2}", true), ("^a{0}$", "", true),
        ("^[a-c]+$", "abcabc", true), ("^[^a-c]+$", "xyz", true), ("^[^a-c]+$", "xaz", false), ("^[]a]+$", "]a", true),
        ("^[a-]+$", "-a", true), (#"^[\d_]+$"#, "12_", true), (#"^[\D]+$"#, "abc", true), (#"^[^\D]+$"#, "123", true),
        ("^[[:alpha:]]+$", "abC", true), ("^[[:^alpha:]]+$", "123", true), ("^[[:digit:][:space:]]+$", "1 2", true),
        (#"^\d\w\s$"#, "1a ", true), (#"^\D\W\S$"#, "a-b", true), (#"\bfoo\b"#, "a foo b", true),
        (#"\bfoo\b"#, "afoob", false),
        (#"\Boo\b"#, "foo", true), (#"\Aab\z"#, "ab", true), (#"\Aab\z"#, "ab\n", false), ("a.c", "a\nc", false),
        ("(?s)a.c", "a\nc", true), ("(?m)^b$", "a\nb\nc", true), ("^b$", "a\nb\nc", false), ("(?i)ABC", "xaBcx", true),
        ("(?i:a)b", "Ab", true), ("(?i:a)b", "AB", false), ("a(?i)b", "aB", true), ("(?-i)a", "A", false),
        ("(?i)[a-z]+$", "ÄB", true),
        ("(?i)straße", "STRAßE", true), ("(?i)É", "é", true), ("(?P<name>a)b", "ab", true), ("(?<name>a)b", "ab", true),
        ("(?:a|b)+?c", "abac", true), ("a*?b", "aab", true), (#"^\.\*\\$"#, #".*\"#, true),
        (#"\x41\x{1F600}"#, "A😀", true),
        (#"\101\0"#, "A\0", true), (#"^\Qa.b\E$"#, "a.b", true), (#"^\Qa.b\E$"#, "axb", false), (#"\Q\E"#, "", true),
        (#"^\pL+$"#, "aé漢", true), (#"^\p{Lu}\p{Ll}$"#, "Éa", true), (#"^\PL$"#, "1", true), (#"^\p{^L}$"#, "1", true),
        (#"^[\p{L}\d]+$"#, "é1", true), (#"[\t\n]"#, "\t", true), ("^(a|)b$", "b", true), ("()", "", true),
        ("(a*)*b", "aab", true),
        ("(|a)*$", "aaa", true), ("^😀.$", "😀é", true), ("x*", "", true), ("^$", "", true), ("^$", "a", false),
        ("a{x}", "a{x}", true),
        (#"^\/v1\/[a-z]+$"#, "/v1/orders", true), (#"^[^@]+@[^@]+\.[a-z]{2,}$"#, "mail@example.com", true),
        ("[[:word:]]", "_", true),
        (#"[\]\-x]"#, "-", true), (#"(?i)\x{e9}"#, "É", true), (#"\a\f\v\r"#, "\u{7}\u{c}\u{b}\r", true),
    ])
    func `a pattern is found or not`(_ row: (pattern: String, text: String, isFound: Bool)) throws {
        for source in ["event.text.matches(pattern)", "matches(event.text, pattern)"] {
            let bindings: [String: CELValue] = ["pattern": .string(row.pattern), "event": try event(text: row.text)]
            guard case .bool(row.isFound) = try CELProgram(source).evaluate(bindings) else {
                Issue.record("\(row.pattern) in \(row.text) is not \(row.isFound)")
                continue
            }
        }
    }

    @Test(arguments: [
        "(", ")", "a)", "(?", "(?x)", "(?P<", "(?P<>a)", "(?P<a-b>a)", "[", "[a", "[]", "[b-a]", "[a-\\d]",
        "[[:nope:]]", "[[:alpha",
        "*", "+a", "?", "a**", "a+*", "a??*", "a{1001}", "a{2,1}", "a{99999999999999999999}", "\\", "\\1", "\\y", "\\x",
        "\\x4", "\\xZZ", "\\x{110000}",
        "\\x{41", "\\p", "\\p{", "\\p{Greek}", "\\p{}", "(?=a)", "(?!a)", "(?<=a)", "(a{1000}){1000}",
        "((((){1000}){1000}){1000}){1000}",
        "\\8", "(?i", "(?--i)a", "^*+",
    ])
    func `what RE2 doesn't know is refused`(pattern: String) throws {
        let program = try CELProgram("'a'.matches(pattern)")
        let error = #expect(throws: CELEvaluationError.self, "\(pattern)") {
            try program.evaluate(["pattern": .string(pattern)])
        }
        #expect(error?.reason == .invalidArgument)
    }

    @Test func `groups nested too deeply are refused`() throws {
        let pattern = String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000)
        #expect(throws: CELEvaluationError.self) { try CELProgram("''.matches(p)").evaluate(["p": .string(pattern)]) }
    }

    /// Patterns on which a backtracking engine takes exponential time.
    @Test(arguments: [
        "(a*)*b", "(a|a)*b", "(a|aa)+$b", "(.*)(.*)(.*)(.*)(.*)b", "a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaab",
    ])
    func `time grows with the text only`(pattern: String) throws {
        let program = try CELProgram("event.text.matches(r'\(pattern)')")
        let event = try event(text: String(repeating: "a", count: 20_000))
        let time = try ContinuousClock().measure {
            guard case .bool(false) = try program.evaluate(["event": event]) else {
                Issue.record("found")
                return
            }
        }
        #expect(time < .seconds(5))
    }

    @Test func `a pattern on a long text reaches the limit`() throws {
        let program = try CELProgram("event.text.matches('(.*)(.*)(.*)x{900}')")
        let event = try event(text: String(repeating: "y", count: 2_000_000))
        let error = #expect(throws: CELEvaluationError.self) { try program.evaluate(["event": event]) }
        #expect(error?.reason == .limitReached)
    }

    private func event(text: String) throws -> CELValue {
        var map = CELMap()
        map.set("text", .string(text))
        return .map(map)
    }
}
