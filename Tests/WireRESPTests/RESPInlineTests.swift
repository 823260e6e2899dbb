// SPDX-License-Identifier: Apache-2.0

import Testing
import WireRESP

struct RESPInlineTests {
    private func split(_ line: String) throws -> [String] {
        try RESPInline.split(Array(line.utf8).span).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        arguments: [
            ("", []), (" \t\r\n", []), ("PING\r\n", ["PING"]), ("  SET  a b \n", ["SET", "a", "b"]),
            (#"SET a "b c""#, ["SET", "a", "b c"]), (#"x "" ''"#, ["x", "", ""]),
            (#"x "\n\r\t\b\a\q\"\\""#, ["x", "\n\r\t\u{8}\u{7}q\"\\"]), (#"x "\x41\x5a\xzz""#, ["x", "AZxzz"]),
            (#"x 'a\'b\n"'"#, ["x", #"a'b\n""#]), (#"a"b c" d"#, ["ab c", "d"]), ("GET\u{0} a", ["GET"]),
        ] as [(String, [String])])
    func `a line is split as Redis splits it`(line: String, arguments: [String]) throws {
        #expect(try split(line) == arguments)
    }

    @Test(arguments: [#"SET "a"#, #"SET 'a"#, #"SET "a"b"#, #"SET 'a'b"#, #"SET "a\"#, #"SET "a\x4"#, "SET \"a\u{0}\""])
    func `quotes that don't pair are refused`(line: String) throws {
        #expect(throws: RESPSyntaxError.quotesUnbalanced) { try split(line) }
        #expect(RESPSyntaxError.quotesUnbalanced.description == "Protocol error: unbalanced quotes in request")
    }
}
