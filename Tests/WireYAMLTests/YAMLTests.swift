// SPDX-License-Identifier: Apache-2.0

import Core
import Testing
import WireYAML

/// What YAML means as nodes, and where they are.
struct YAMLTests {
    private func documents(_ text: String) throws -> [DocumentNode] {
        try YAML.documents(in: text.utf8, file: "f.yaml")
    }

    private func place(_ line: Int, _ column: Int) -> Core.SourceLocation {
        .file("f.yaml", line: line, column: column)
    }

    private func texts(_ node: DocumentNode?) -> [String?]? {
        guard case .sequence(let items) = node?.content else { return nil }
        return items.map(\.text)
    }

    @Test("a text without a document has none", arguments: ["", "# only a comment\n", "\n\n"])
    func empty(text: String) throws { #expect(try documents(text).isEmpty) }

    @Test func `every value knows its line and column`() throws {
        let node = try #require(try documents("app:\n  id: cart\n  ports: [1, 22]\n").first)
        #expect(node.location == place(1, 1))
        #expect(node["app"]?.location == place(2, 3))
        #expect(node["app"]?["id"]?.location == place(2, 7))
        guard case .mapping(let entries) = node["app"]?.content, case .sequence(let items) = entries[1].value.content
        else {
            Issue.record("not a table with a list")
            return
        }
        #expect(entries[1].keyLocation == place(3, 3))
        #expect(items.map(\.location) == [place(3, 11), place(3, 14)])
    }

    @Test func `documents follow each other in one text`() throws {
        let nodes = try documents("--- a\n---\nb: 1\n...\n---\n")
        #expect(nodes.count == 3)
        #expect(nodes[0].text == "a")
        #expect(nodes[1]["b"]?.text == "1")
        #expect(nodes[2].isNull)
    }

    @Test("every style of scalar is text", arguments: ["'8080'", "\"8080\"", "!!str 8080", "! 8080"])
    func quoted(text: String) throws {
        #expect(try documents("a: \(text)")[0]["a"]?.content == .scalar("8080", isQuoted: true))
    }

    @Test("a plain scalar stays as it is written", arguments: ["8080", "!!int 8080", "!!float 8080"])
    func plain(text: String) throws {
        #expect(try documents("a: \(text)")[0]["a"]?.content == .scalar("8080", isQuoted: false))
    }

    @Test func `bytes arrive as they are written`() throws {
        let node = try documents("a: \"\\0é\\u2028\"\nb: |\n  x\n   y\nc: >-\n  x\n  y\n")[0]
        #expect(node["a"]?.text == "\u{0}é\u{2028}")
        #expect(node["b"]?.text == "x\n y\n")
        #expect(node["c"]?.text == "x y")
    }

    @Test func `a byte order mark and Windows line ends are taken`() throws {
        let node = try documents("\u{FEFF}a: 1\r\nb: 2\r\n")[0]
        #expect(node["b"]?.text == "2")
        #expect(node["b"]?.location == place(2, 4))
    }

    @Test func `an alias stands for the value of its anchor`() throws {
        let node = try documents("a: &x [1, 2]\nb: *x\n&k c: *x\n")[0]
        #expect(texts(node["b"]) == ["1", "2"])
        #expect(node["c"] == node["a"])
    }

    @Test func `an anchor may be given anew, and the later one counts`() throws {
        let node = try documents("a: &x 1\nb: &x 2\nc: *x\n")[0]
        #expect(node["c"]?.text == "2")
    }
}

/// What is refused, and the line that a reader is sent to.
struct YAMLProblemTests {
    private func problem(_ bytes: some Sequence<UInt8>) -> Problem? {
        do throws(Problem) {
            _ = try YAML.documents(in: bytes, file: "f.yaml")
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "a problem names the line and what was expected",
        arguments: [
            ("a: 1\nb: 2\na: 3\n", "f.yaml:3: a: found a second time, expected once; it is at f.yaml:1 already"),
            ("a: 1\n? [x]\n: 2\n", "f.yaml:2: found a list as a key, expected text"),
            ("{a: 1}: 2\n", "f.yaml:1: found a table as a key, expected text"),
            ("a: 1\n?\n: 2\n", "f.yaml:2: found nothing as a key, expected text"),
            ("a: &x {b: 1}\nc:\n  <<: *x\n", "f.yaml:3: <<: found a merge key, expected the keys themselves"),
            ("a: *x\n", "f.yaml:1: found the alias *x, expected an anchor &x before it"),
            ("a: &x [*x]\n", "f.yaml:1: found the alias *x, expected an anchor &x before it"),
            ("--- &x 1\n--- *x\n", "f.yaml:2: found the alias *x, expected an anchor &x before it"),
            (
                "a:\n  !!binary aGk=\n",
                "f.yaml:2: found the tag \"tag:yaml.org,2002:binary\", expected no tag or one of YAML's own types"
            ),
            (
                "a: !point [1]\n",
                "f.yaml:1: found the tag \"!point\", expected no tag or one of YAML's own types"
            ),
        ])
    func sentences(text: String, expected: String) { #expect(problem(text.utf8)?.description == expected) }

    @Test func `a syntax error has libyaml's sentence and its place`() {
        let problem = problem("a: 1\nb: [1, 2\nc: 3\n".utf8)
        #expect(problem?.location == .file("f.yaml", line: 3, column: 2))
        #expect(problem?.message.hasPrefix("found text that is not YAML: ") == true)
        #expect(problem?.message.contains("did not find expected ',' or ']'") == true)
    }

    @Test func `a tab in front of a key is named`() {
        #expect(problem("a:\n\tb: 1\n".utf8)?.location == .file("f.yaml", line: 2, column: 1))
    }

    @Test func `a byte that is not UTF-8 has its place`() {
        let problem = problem(Array("a: 1\nb: ".utf8) + [0xFF, 0x0A])
        #expect(problem?.location == .file("f.yaml", line: 2, column: 4))
        #expect(problem?.message.contains("UTF-8") == true)
    }

    @Test func `lists inside each other end at the limit`() {
        let deep = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(problem(deep(YAML.depthMax).utf8) == nil)
        #expect(problem(deep(YAML.depthMax + 1).utf8)?.message.contains("more than 64") == true)
        #expect(problem(String(repeating: "[", count: 100_000).utf8) != nil)
    }

    @Test func `aliases of aliases are counted as what they stand for`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            text +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        #expect(problem(text.utf8)?.message.contains("more than 100000 values") == true)
    }

    @Test func `a text beyond the limit is refused before it is read`() {
        let bytes = [UInt8](repeating: UInt8(ascii: "#"), count: YAML.bytesMax + 1)
        #expect(problem(bytes)?.message == "found 1048577 bytes, expected at most 1MiB")
        #expect(problem(bytes.dropLast()) == nil)
    }
}

/// Goal: no input ends the process. Method: mutate a document that uses every construct, and read each mutant; it
/// either has nodes or a problem with a place inside the text.
struct YAMLFuzzTests {
    private static let seed = """
        %YAML 1.1
        ---
        app: &app {id: "cart", 'port': 8080, list: [a, ~, *x, !!str 1]}
        text: |
          one
           two
        folded: >-
          three
        ? key
        : *app
        ...
        --- # second
        - &x 1
        - *x
        - ! y
        """

    @Test func `no mutation of a document crashes the reader`() {
        var random = SplitMix(state: 7)
        let alphabet = Array("{}[]:,-?&*!|>'\"%@`#~ \t\n\\ax0\u{FEFF}é".utf8) + [0x00, 0xFF, 0xC3, 0xFE]
        for _ in 0..<20_000 {
            var bytes = Array(Self.seed.utf8)
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = alphabet.randomElement(using: &random) ?? 0
                case 1: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: index)
                case 2: bytes.remove(at: index)
                default: bytes.insert(contentsOf: bytes[index...].prefix(12), at: 0)
                }
            }
            check(bytes)
        }
    }

    @Test func `no sequence of random bytes crashes the reader`() {
        var random = SplitMix(state: 11)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<64, using: &random)
            check((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
    }

    private func check(_ bytes: [UInt8]) {
        do throws(Problem) {
            _ = try YAML.documents(in: bytes, file: "f")
        } catch {
            guard case .file("f", let line, let column) = error.location, line >= 1, column >= 1,
                line <= bytes.count + 1
            else {
                Issue.record("\(error) for \(bytes)")
                return
            }
        }
    }
}

/// A small generator with a seed, so that a failure can be met again (SplitMix64).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15  // Safe: the algorithm counts modulo 2^64.
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9  // Safe: as above.
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB  // Safe: as above.
        return z ^ (z >> 31)
    }
}
