// SPDX-License-Identifier: Apache-2.0

import Testing
import WireCEL

/// The language section by section; each row is an expression that must be true.
@Suite struct CELLanguageTests {
    @Test(arguments: [
        "1 + 2 * 3 == 7", "(1 + 2) * 3 == 9", "7 - 2 - 1 == 4", "100 / 5 / 2 == 10", "-7 / 2 == -3", "-7 % 3 == -1",
        "true || false && false", "!(true && false)", "!!true", "- -3 == 3", "--3 == 3", "-(3) == 0 - 3",
        "1 < 2 == true", "true ? true : false ? false : false", "(false ? 1 : true ? 2 : 3) == 2",
        "1 + 1 in [2, 3]", "!(4 in [2, 3])", "'b' in {'a': 1, 'b': 2}", "[1, 2, 3][1] == 2", "{'k': [5]}.k[0] == 5",
        "[[1], [2]][1][0] == 2", "-9223372036854775808 < 0", "0xFF == 255", "-0x10 == -16", "7u + 1u == 8u",
        "1.5e3 == 1500.0", ".5 == 0.5", "2.0 * 1.5 == 3.0", "1.0 / 0.0 > 1e308",
    ])
    func `operators bind as the language says`(expression: String) throws { try expectTrue(expression) }

    @Test(arguments: [
        "1 == 1.0", "1u == 1", "1.0 == 1u", "1 < 1.5", "2u > 1.5", "-1 < 1u", "1.0 in [1]", "{1: 'a'}[1u] == 'a'",
        "{1: 'a'}[1.0] == 'a'", "!('1' == 1)", "'a' != b'a'", "null == null", "null != 0", "[1, 2u] == [1.0, 2]",
        "{'a': 1} == {'a': 1.0}", "{'a': 1} != {'b': 1}", "[1] != [1, 2]", "[] == []",
        "0.0 / 0.0 != 0.0 / 0.0", "!(0.0 / 0.0 < 1)", "int == type(1)", "type(type(1)) == type",
        "type(null) == null_type",
        "type([]) == list && type({}) == map", "type(timestamp(0)) == google.protobuf.Timestamp",
    ])
    func `values are compared by what they are worth`(expression: String) throws { try expectTrue(expression) }

    @Test(arguments: [
        "'a' < 'b'", "'Z' < 'a'", "'' < 'a'", "'ab' < 'b'", "'\\uFF5E' < '\\U0001F600'", "b'\\xff' > b'a'",
        "'e\\u0301' != '\\u00e9'", "size('e\\u0301') == 2", "size('😀') == 1", "size(b'😀') == 4", "'😀'.size() == 1",
        "false < true", "'a' + 'b' == 'ab'", "b'a' + b'b' == b'ab'", "[1] + [2] == [1, 2]", "size({'a': 1}) == 1",
    ])
    func `texts are sequences of code points`(expression: String) throws { try expectTrue(expression) }

    @Test(arguments: [
        #""a\"b" == 'a"b'"#, #"'\x41\u0042\U00000043\104' == 'ABCD'"#, #"r'\n' == '\\n'"#, #"b'\377' == b'\xff'"#,
        #"'\377' == 'ÿ'"#, #"b'ÿ' == b'\303\277'"#, "'''a'b''' == \"a'b\"", "\"\"\"a\nb\"\"\" == 'a\\nb'",
        #"'\a\b\f\n\r\t\v\?\`' == '\x07\x08\x0c\x0a\x0d\x09\x0b?\x60'"#, #"bR'\d' == b'\\d'"#, #"rB"\d" == b'\\d'"#,
        "1 // the rest is a comment\n == 1", "{'a-b': 1}.`a-b` == 1",
    ])
    func `literals are read as they are written`(expression: String) throws { try expectTrue(expression) }

    @Test(arguments: [
        "true || 1 / 0 > 0", "1 / 0 > 0 || true", "!(false && 1 / 0 > 0)", "!(1 / 0 > 0 && false)", "true || 'x'",
        "['x'] == [] || true || {}.a", "[0, 1].exists(x, 1 / x == 1)", "![1, 0].all(x, 1 / x == 2)",
        "false ? 1 / 0 > 0 : true", "event.a.b || true",
    ])
    func `logic absorbs errors in whatever order they come`(expression: String) throws { try expectTrue(expression) }

    @Test(arguments: [
        "[1, 2, 3].all(x, x > 0)", "[].all(x, false)", "![].exists(x, true)", "[1, 2].exists(x, x == 2)",
        "[1, 2, 2].exists_one(x, x == 1)", "![1, 2, 2].exists_one(x, x == 2)", "[1, 2].map(x, x * 2) == [2, 4]",
        "[1, 2, 3].map(x, x > 1, x * 2) == [4, 6]", "[1, 2, 3].filter(x, x % 2 == 1) == [1, 3]",
        "{'a': 1}.all(k, k == 'a')", "{'a': 1, 'b': 2}.map(k, k) == ['a', 'b']",
        "[1, 2].all(x, [3, 4].all(y, y > x))", "[[1], [2]].map(x, x.map(x, x + 1)) == [[2], [3]]",
        "[1].exists(event, event == 1)", "has({'a': null}.a)", "!has({'a': 1}.b)", "[{'a': 1}].exists(e, has(e.a))",
    ])
    func `macros go through lists and keys`(expression: String) throws { try expectTrue(expression) }

    @Test(arguments: [
        ("1 / 0", CELEvaluationError.Reason.divisionByZero), ("1 % 0", .divisionByZero), ("1u / 0u", .divisionByZero),
        ("9223372036854775807 + 1", .overflow), ("-9223372036854775808 - 1", .overflow), ("0u - 1u", .overflow),
        ("-(-9223372036854775808)", .overflow), ("9223372036854775807 * 2", .overflow),
        ("-9223372036854775808 / -1", .overflow), ("1 + 1.0", .noSuchOverload), ("1 + 1u", .noSuchOverload),
        ("1 < 'a'", .noSuchOverload), ("!1", .noSuchOverload), ("-'a'", .noSuchOverload), ("-1u", .noSuchOverload),
        ("1 ? 2 : 3", .noSuchOverload), ("1 && true", .noSuchOverload), ("5.0 % 2.0", .noSuchOverload),
        ("{}.a", .noSuchKey), ("{'a': 1}['b']", .noSuchKey), ("[1][1]", .indexOutOfRange),
        ("[1][-1]", .indexOutOfRange),
        ("[1][0.5]", .invalidArgument), ("1[0]", .noSuchOverload), ("'a'.b", .noSuchOverload),
        ("has(1.a)", .noSuchOverload),
        ("{'a': 1, 'a': 2}", .repeatedKey), ("{1: 1, 1u: 2}", .repeatedKey), ("{1.5: 1}", .noSuchOverload),
        ("1 in 2", .noSuchOverload), ("1.all(x, true)", .noSuchOverload), ("[1].all(x, x)", .noSuchOverload),
        ("unknown", .unknownVariable), ("[0].map(x, 1 / x)", .divisionByZero),
        ("[0, 1].exists_one(x, 1 / x == 1)", .divisionByZero),
    ])
    func `what has no value is an error with its reason`(_ row: (String, CELEvaluationError.Reason)) throws {
        let program = try CELProgram(row.0)
        let error = #expect(throws: CELEvaluationError.self) { try program.evaluate([:]) }
        #expect(error?.reason == row.1)
        #expect(error?.position != nil)
    }

    @Test func `an error says where it happened`() throws {
        let program = try CELProgram("true &&\n  1 / event.size() == 1")
        let error = #expect(throws: CELEvaluationError.self) { try program.evaluate(["event": .list([])]) }
        #expect(error?.description == "2:5: a number is divided by zero")
    }

    @Test func `a rule takes an event only if its value is true`() throws {
        #expect(try CELProgram("event.type == 'a'").matches(event(#"{"type":"a"}"#)))
        #expect(try !CELProgram("event.type == 'b'").matches(event(#"{"type":"a"}"#)))
        #expect(try !CELProgram("event.type").matches(event(#"{"type":"true"}"#)))
        #expect(throws: CELEvaluationError.self) {
            try CELProgram("event.tpye == 'a'").matches(event(#"{"type":"a"}"#))
        }
    }

    @Test(arguments: [
        "event.data.total > 10", "event.data.total == 12", "event.data.items.exists(i, i.qty == 2)", "event.data.ok",
        "event.data['a-b'] == null", "has(event.data.items) && !has(event.data.missing)", "size(event.data.items) == 2",
        "type(event.data.total) == double", "int(event.data.total) % 5 == 2", "event.data.name.startsWith('Zo')",
        "event.data.items.map(i, i.sku) == ['x', 'y']", ".event.data.ok", "event.twice == 2",
    ])
    func `an event's JSON is a map with doubles`(expression: String) throws {
        let json = """
            {"data": {"total": 12, "ok": true, "a-b": null, "name": "Zoë",
             "items": [{"sku": "x", "qty": 1}, {"sku": "y", "qty": 2.0}]}, "twice": 1, "twice": 2}
            """
        #expect(try CELProgram(expression, variables: ["event"]).matches(event(json)))
    }

    private func expectTrue(_ expression: String) throws {
        let value = try CELProgram(expression).evaluate([:])
        guard case .bool(true) = value else {
            Issue.record("\(expression) is \(value)")
            return
        }
    }
}

/// The value of an event's JSON.
func event(_ json: String) throws -> CELValue {
    let bytes = Array(json.utf8)
    return try bytes.withUnsafeBytes { try CELValue.json($0) }
}
