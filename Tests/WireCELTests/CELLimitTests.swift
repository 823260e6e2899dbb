// SPDX-License-Identifier: Apache-2.0

import Testing
import WireCEL

/// No rule and no event makes an evaluation crash or run long.
@Suite struct CELLimitTests {
    private static let numbers = "[" + (0..<100).map(String.init).joined(separator: ",") + "]"

    @Test(arguments: [
        "event.n.all(a, event.n.all(b, event.n.all(c, event.n.all(d, true))))",
        "event.n.map(a, event.n.map(b, event.n.map(c, event.n))) == []",
        "{}.a || event.n.all(a, event.n.all(b, event.n.all(c, event.n == event.n)))",
        "event.n.exists(a, event.n.exists(b, event.n.exists(c, event.text == event.text + 'x')))",
        "event.text.replace('a', event.text) == ''",
        "event.n.map(a, event.text).join(event.text) == ''",
        "(event.text + event.text).replace('', event.text) == ''",
        "event.n.all(a, event.n.all(b, event.n.all(c, event.text.contains(event.text + 'b') || true)))",
    ])
    func `an evaluation that costs too much is ended`(expression: String) throws {
        let text = String(repeating: "a", count: 100_000)
        let event = try event(#"{"n": \#(Self.numbers), "text": "\#(text)"}"#)
        let program = try CELProgram(expression)
        let time = ContinuousClock().measure {
            let error = #expect(throws: CELEvaluationError.self) { try program.evaluate(["event": event]) }
            #expect(error?.reason == .limitReached)
        }
        #expect(time < .seconds(10))
    }

    @Test func `a long text may be replaced by another one as long`() throws {
        let text = String(repeating: "abcdefgh", count: 100_000)
        let event = try event(#"{"text": "\#(text)"}"#)
        #expect(try CELProgram(rule: "event.text.replace('abcdefgh', 'ABCDEFGH').size() == 800000").matches(event))
    }

    @Test func `an event nested too deeply is no value`() {
        let json = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(throws: (any Error).self) { try event(json) }
    }

    @Test func `an expression as deep as it may be is evaluated on a small stack`() async throws {
        let depth = CELLimits.depthMax - 1
        let sources = [
            String(repeating: "(", count: depth) + "true" + String(repeating: ")", count: depth),
            String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + " == []",
            String(repeating: "[1].all(x, ", count: depth - 1) + "true" + String(repeating: ")", count: depth - 1),
            String(repeating: "true && (", count: depth - 1) + "true" + String(repeating: ")", count: depth - 1),
            String(repeating: "true ? ", count: 1) + String(repeating: "(true ? ", count: depth - 2) + "true"
                + String(repeating: " : false)", count: depth - 2) + " : false",
        ]
        for source in sources {
            // A task runs on a thread of the pool, whose stack is the small one.
            try await Task.detached { _ = try CELProgram(source).evaluate([:]) }.value
        }
    }

    // MARK: - Random input

    @Test func `random bytes are an expression or a mistake, never a crash`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            _ = try? CELProgram(String(decoding: bytes, as: UTF8.self)).evaluate([:])
        }
    }

    private static let soup = [
        "event", ".", "data", "(", ")", "[", "]", "{", "}", ",", ":", "?", "+", "-", "*", "/", "%", "==", "!=", "<",
        "<=", "in", "!",
        "&&", "||", "1", "2u", "0", "-9223372036854775808", "1.5", "'a'", "b'\\xff'", "true", "null", ".size()",
        ".all(x, ", ".map(x, ",
        ".exists(y, ", ".filter(x, ", "x", "has(", "size(", "int(", "string(", "duration('1h')",
        "duration('-9223372036854775807ns')", "timestamp(0)",
        ".getHours()", ".matches('a*')",
        ".replace('a', 'b')", ".split('')", ".join()", ".substring(1)", "[1, 2]", "{'a': 1}", ".a", "type(",
        "'\\u00e9'", "// c\n", " ",
    ]

    @Test func `random tokens are an expression or a mistake, in bounded time`() throws {
        var generator = SeededGenerator(seed: 11)
        let event = try event(#"{"data": {"a": [1, "x", null], "n": 1e300}}"#)
        let time = ContinuousClock().measure {
            for _ in 0..<20_000 {
                let count = Int.random(in: 1...14, using: &generator)
                let source = (0..<count).compactMap { _ in Self.soup.randomElement(using: &generator) }.joined()
                _ = try? CELProgram(source).evaluate(["event": event])
            }
        }
        #expect(time < .seconds(60))
    }

    @Test func `random patterns are patterns or mistakes`() throws {
        let parts = [
            "a", "b", ".", "*", "+", "?", "(", ")", "[", "]", "^", "$", "|", "\\", "d", "w", "{", "}", "1", ",", "-",
            "(?i)", "[^", "\\p", "L", "\\Q",
            "\\E", "é", "[:alpha:]", "\\b", "\\x", "{2,3}",
        ]
        var generator = SeededGenerator(seed: 13)
        let program = try CELProgram("'aab1é'.matches(p)")
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...12, using: &generator)
            let pattern = (0..<count).compactMap { _ in parts.randomElement(using: &generator) }.joined()
            _ = try? program.evaluate(["p": .string(pattern)])
        }
    }
}

/// The same numbers in each run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        // Safe: the algorithm is made of arithmetic modulo 2^64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
