// SPDX-License-Identifier: Apache-2.0

import Testing
import WireCEL

/// What is wrong with a rule is said before any event comes.
@Suite struct CELSyntaxTests {
    @Test(arguments: [
        ("", "1:1: found the end, expected a value, a name or '('"),
        ("event.type == ", "1:15: found the end, expected a value, a name or '('"),
        ("event.type = 'a'", "1:12: found '=', expected '=='"),
        ("a & b", "1:3: found '&', expected '&&'"),
        ("a | b", "1:3: found '|', expected '||'"),
        ("1 and 2", "1:3: found 'and', expected an operator or the end"),
        ("(1", "1:3: found the end, expected ')'"),
        ("1)", "1:2: found ')', expected an operator or the end"),
        ("[1, 2", "1:6: found the end, expected ',' or ']'"),
        ("{'a' 1}", "1:6: found a number, expected ':' after a map's key"),
        ("true ? 2", "1:9: found the end, expected ':' of the conditional '?'"),
        ("'abc", "1:5: found the end in a string, expected '"),
        ("'a\nb'", "1:3: found the end of the line in a string, expected '"),
        ("'ä' ==\n  'x' §", "2:7: found '§', which no expression has outside of strings"),
        (#"'\s'"#, "1:2: found an escape that CEL doesn't know"),
        (#"'\uD83D'"#, "1:2: found an escape that is no code point"),
        ("9223372036854775808", "1:1: found a number that is too large for int"),
        ("99999999999999999999", "1:1: found a number that is too large"),
        ("rr'a' == 'a'", "1:1: found the unknown name 'rr', expected one of event"),
        ("10s", "1:3: found 's' after a number, expected an operator or the end"),
        ("0x", "1:1: found '0x' without digits"),
        ("1e999", "1:1: found a number that is too large"),
        ("event.", "1:7: found the end, expected a field's or a function's name"),
        ("event.in", "1:7: found 'in', expected a field's or a function's name"),
        ("while == 1", "1:1: found the reserved word 'while', expected a name"),
        ("event{a: 1}", "1:6: found '{', expected an operator; message values don't exist here"),
        ("evnt.type == 'a'", "1:1: found the unknown name 'evnt', expected event, perhaps"),
        ("[1].all(x, y == 1)", "1:12: found the unknown name 'y', expected x, perhaps"),
        ("zzz", "1:1: found the unknown name 'zzz', expected one of event"),
        ("event.type.startWith('a')", "1:12: no value has the function 'startWith', expected startsWith, perhaps"),
        ("foo(1)", "1:1: there is no function 'foo'"),
        ("timestmp(1)", "1:1: there is no function 'timestmp', expected timestamp, perhaps"),
        ("size(1, 2)", "1:1: found 2 arguments of size, expected 1"),
        ("'a'.substring()", "1:5: found 0 arguments of substring, expected 1 to 2"),
        ("size('a',)", "1:10: found ')', expected an argument"),
        ("has(event)", "1:5: has takes a field, as in has(event.data)"),
        ("event.all(1, true)", "1:11: found a number, expected a variable's name and ',', as in all(x, …)"),
        ("event.all(x)", "1:11: found 'x', expected a variable's name and ',', as in all(x, …)"),
        ("event.type.matches('(')", "1:20: found a pattern that isn't one: it has a '(' without a ')'"),
        ("matches(event.type, 'a**')", "1:21: found a pattern that isn't one: it repeats a repetition"),
        (
            "timestamp(event.time).getHours('Mars') == 1",
            "1:32: found the time zone Mars, expected UTC or an offset, such as +01:00"
        ),
        ("event.`a b", "1:11: found nothing in a field's name, expected '`'"),
    ])
    func `a mistake is named with its place`(_ row: (source: String, message: String)) {
        let error = #expect(throws: CELSyntaxError.self) { try CELProgram(row.source, variables: ["event"]) }
        #expect(error?.description == row.message)
    }

    @Test(arguments: [
        ("'event.type'", "1:1: found a rule of type string, expected bool"),
        ("size(event.data)", "1:1: found a rule of type int, expected bool"),
        ("1 + 1", "1:1: found a rule of type int, expected bool"),
        ("event.a.map(x, x)", "1:1: found a rule of type list, expected bool"),
        ("event.a == 1 && 'b'", "1:17: found a value of type string, expected bool"),
        ("1 || event.a", "1:1: found a value of type int, expected bool"),
        ("!size(event)", "1:2: found a value of type int, expected bool"),
        ("event.a.all(x, 'b')", "1:16: found a value of type string, expected bool"),
        ("(1 ? true : false)", "1:2: found a value of type int, expected bool"),
        ("size(event.data) > '3'", "1:18: there is no 'int > string'"),
        ("1 + 1.0 == event.a", "1:3: there is no 'int + double'"),
        ("'a' - 'b' == event.a", "1:5: there is no 'string - string'"),
        ("2.0 % 1.0 == event.a", "1:5: there is no 'double % double'"),
        ("'a' * 2 == event.a", "1:5: there is no 'string * int'"),
        ("timestamp(event.time) > 5", "1:23: there is no 'google.protobuf.Timestamp > int'"),
        (
            "timestamp(event.time) + timestamp(0) == event.a",
            "1:23: there is no "
                + "'google.protobuf.Timestamp + google.protobuf.Timestamp'"
        ),
        ("event.a in 'abc'", "1:12: found a value of type string, expected list or map"),
    ])
    func `types that evidently don't go together are found in a rule`(_ row: (source: String, message: String)) {
        let error = #expect(throws: CELSyntaxError.self) { try CELProgram(rule: row.source) }
        #expect(error?.description == row.message)
    }

    @Test(arguments: [
        "event.data.n + 1 > 2", "event.a", "event.a ? event.b : false", "1 < 1.5",
        "timestamp(event.time) - duration('1h') > timestamp(0)",
        "timestamp(event.a) - timestamp(event.b) > duration('1h')",
        "duration('1h') + timestamp(0) > timestamp(event.time)",
        "[1] + [2] == event.a", "event.a in {}", "'1' == 1", "(event.a ? 1 : 'b') == 1", "-1 < 2u",
        "dyn(1) == dyn('a')", "event.a && event.b",
    ])
    func `types that an event decides are left to it`(source: String) throws { _ = try CELProgram(rule: source) }

    @Test func `rows of 32 terms and 12 levels are allowed, as the language asks`() throws {
        let row = Array(repeating: "true", count: 32)
        _ = try CELProgram(row.joined(separator: " && "))
        _ = try CELProgram(row.joined(separator: " || "))
        _ = try CELProgram(Array(repeating: "1", count: 32).joined(separator: " + "))
        _ = try CELProgram(String(repeating: "true ? 1 : ", count: 24) + "2")
        _ = try CELProgram(String(repeating: "[", count: 12) + String(repeating: "]", count: 12))
        _ = try CELProgram("event" + String(repeating: ".a", count: 12) + String(repeating: "[0]", count: 12))
        _ = try CELProgram("[" + Array(repeating: "1", count: 1000).joined(separator: ",") + "]")
    }

    @Test(arguments: [
        String(repeating: "(", count: 10_000), String(repeating: "[", count: 10_000),
        String(repeating: "!", count: 10_000) + "a",
        String(repeating: "-", count: 10_000) + "a", Array(repeating: "1", count: 5000).joined(separator: "+"),
        "a" + String(repeating: ".b", count: 5000), String(repeating: "a?b:", count: 4000) + "c",
        String(repeating: "size(", count: 3000), String(repeating: "{1:", count: 5000),
        String(repeating: "[].map(x,", count: 1500),
    ])
    func `what nests too deeply is refused`(source: String) {
        let error = #expect(throws: CELSyntaxError.self) { try CELProgram(source) }
        #expect(error?.message == "found an expression nested deeper than \(CELLimits.depthMax)")
    }

    @Test func `what is too long is refused`() {
        let source = String(repeating: " ", count: CELLimits.sourceBytesMax) + "1"
        #expect(throws: CELSyntaxError.self) { try CELProgram(source) }
    }
}
