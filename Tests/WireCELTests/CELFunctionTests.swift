// SPDX-License-Identifier: Apache-2.0

import Testing
import WireCEL

@Suite struct CELFunctionTests {
    @Test(arguments: [
        "'hello'.contains('ell')", "'hello'.contains('')", "!'hello'.contains('x')", "'aaab'.contains('aab')",
        "'hello'.startsWith('he') && !'hello'.startsWith('lo')", "'hello'.endsWith('lo') && !'lo'.endsWith('hello')",
        "'größe'.contains('öß')", "'HeLLo Ä'.lowerAscii() == 'hello Ä'", "'heLLo ä'.upperAscii() == 'HELLO ä'",
        "'  a b\\n'.trim() == 'a b'", "'\\u3000a'.trim() == 'a'", "'  '.trim() == ''",
        "'héllo'.substring(1) == 'éllo'", "'héllo'.substring(1, 3) == 'él'", "'abc'.substring(3) == ''",
        "'héllo'.charAt(1) == 'é'", "'abc'.charAt(3) == ''", "'héllo'.indexOf('l') == 2",
        "'hello'.indexOf('l', 3) == 3",
        "'hello'.indexOf('x') == -1", "'hello'.indexOf('', 2) == 2", "'hello'.lastIndexOf('l') == 3",
        "'hello'.lastIndexOf('l', 2) == 2", "'hello'.lastIndexOf('') == 5", "'hello'.lastIndexOf('x') == -1",
        "'a,b,c'.split(',') == ['a', 'b', 'c']", "'a,b,c'.split(',', 2) == ['a', 'b,c']", "'a,b'.split(',', 0) == []",
        "'abc'.split('') == ['a', 'b', 'c']", "'abc'.split('', 2) == ['a', 'bc']", "''.split(',') == ['']",
        "['a', 'b'].join() == 'ab'", "['a', 'b'].join('-') == 'a-b'", "[].join('-') == ''",
        "'a.b.c'.replace('.', '/') == 'a/b/c'", "'a.b.c'.replace('.', '/', 1) == 'a/b.c'",
        "'ab'.replace('', '-') == '-a-b-'", "'ab'.replace('a', '', 0) == 'ab'", "'aaa'.replace('aa', 'b') == 'ba'",
    ])
    func `texts are looked into and made`(expression: String) throws { try expectTrue(expression) }

    @Test(arguments: [
        "int('-12') == -12", "int(3.9) == 3", "int(-3.9) == -3", "int(5u) == 5",
        "int(timestamp('1970-01-01T00:01:00Z')) == 60",
        "uint(5) == 5u", "uint('7') == 7u", "uint(2.5) == 2u", "double(2) == 2.0", "double('1e3') == 1000.0",
        "bool('true') && !bool('0')", "bytes('é') == b'\\xc3\\xa9'", "string(b'\\xc3\\xa9') == 'é'",
        "string(12) == '12'",
        "string(12u) == '12'", "string(true) == 'true'", "string(1.5) == '1.5'", "string(100.0) == '100'",
        "string(1e6) == '1e+06'", "string(0.0001) == '0.0001'", "string(0.00001) == '1e-05'",
        "string(-2.5e-7) == '-2.5e-07'",
        "string(0.0) == '0'", "string(123456.0) == '123456'", "string(1.0 / 0.0) == '+Inf'",
        "string(0.0 / 0.0) == 'NaN'",
        "string(timestamp('2026-02-03T04:05:06.7Z')) == '2026-02-03T04:05:06.7Z'", "string(duration('90m')) == '5400s'",
        "string(duration('-1.5s')) == '-1.5s'", "dyn(1) == 1", "string(1e22) == '1e+22'",
    ])
    func `values are converted`(expression: String) throws { try expectTrue(expression) }

    @Test(arguments: [
        "timestamp('2026-02-03T04:05:06Z') < timestamp('2026-02-03T05:05:07+01:00')",
        "timestamp('2026-03-01T00:00:00Z') - duration('24h') == timestamp('2026-02-28T00:00:00Z')",
        "timestamp('2026-03-01T00:00:00.5Z') - timestamp('2026-03-01T00:00:01Z') == duration('-500ms')",
        "duration('1h') + duration('30m') == duration('5400s')", "duration('1h') > duration('59m')",
        "timestamp(0) + duration('1.5s') == timestamp('1970-01-01T00:00:01.5Z')",
        "timestamp('2026-02-03T04:05:06.789Z').getFullYear() == 2026",
        "timestamp('2026-02-03T04:05:06Z').getMonth() == 1",
        "timestamp('2026-02-03T04:05:06Z').getDate() == 3", "timestamp('2026-02-03T04:05:06Z').getDayOfMonth() == 2",
        "timestamp('2026-02-03T04:05:06Z').getDayOfYear() == 33",
        "timestamp('2026-02-03T04:05:06Z').getDayOfWeek() == 2",
        "timestamp('1969-12-31T00:00:00Z').getDayOfWeek() == 3",
        "timestamp('2026-02-03T04:05:06.789Z').getMilliseconds() == 789",
        "timestamp('2026-02-03T04:05:06Z').getHours('+02:30') == 6",
        "timestamp('2026-02-03T04:05:06Z').getMinutes('+02:30') == 35",
        "timestamp('2026-01-01T00:00:00Z').getFullYear('-01:00') == 2025",
        "timestamp('2026-02-03T04:05:06Z').getSeconds('UTC') == 6",
        "duration('3723.5s').getHours() == 1", "duration('3723.5s').getMinutes() == 62",
        "duration('3723.5s').getSeconds() == 3723", "duration('3723.5s').getMilliseconds() == 500",
    ])
    func `times and spans are added, compared and taken apart`(expression: String) throws { try expectTrue(expression) }

    @Test(arguments: [
        ("int('x')", CELEvaluationError.Reason.invalidArgument), ("int(1e19)", .overflow), ("uint(-1)", .overflow),
        ("int(9223372036854775808u)", .overflow), ("uint(-1.0)", .overflow), ("int([])", .noSuchOverload),
        ("bool('maybe')", .invalidArgument), ("double('x')", .invalidArgument), ("string(b'\\xff')", .invalidArgument),
        ("timestamp('2026-02-30T00:00:00Z')", .invalidArgument),
        ("timestamp('10000-01-01T00:00:00Z')", .invalidArgument),
        ("timestamp(253402300800)", .overflow), ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", .overflow),
        ("timestamp(0) - (duration('-9223372036854775807ns') - duration('1ns'))", .overflow),
        ("duration('-9223372036854775807ns') - duration('2ns')", .overflow),
        ("duration('1x')", .invalidArgument), ("duration('9999999999s')", .invalidArgument),
        ("duration('1h').getFullYear()", .noSuchOverload), ("timestamp(0).getHours(dyn('Mars'))", .invalidArgument),
        ("'abc'.substring(4)", .indexOutOfRange), ("'abc'.substring(2, 1)", .indexOutOfRange),
        ("'abc'.charAt(-1)", .indexOutOfRange), ("'abc'.indexOf('a', 9)", .indexOutOfRange),
        ("[1].join()", .noSuchOverload),
        ("'a'.matches(dyn('('))", .invalidArgument), ("1.size()", .noSuchOverload), ("size(null)", .noSuchOverload),
        ("string([])", .noSuchOverload), ("1.contains('a')", .noSuchOverload), ("'a'.split(1)", .noSuchOverload),
        ("'a'.replace('a', 1)", .noSuchOverload), ("'a'.replace('a', 'b', 'c')", .noSuchOverload),
        ("1.trim()", .noSuchOverload), ("1.lowerAscii()", .noSuchOverload), ("1.matches('a')", .noSuchOverload),
        ("duration(1)", .noSuchOverload), ("timestamp(null)", .noSuchOverload), ("bytes(1)", .noSuchOverload),
    ])
    func `a function refuses what it can't take`(_ row: (String, CELEvaluationError.Reason)) throws {
        let program = try CELProgram(row.0)
        let error = #expect(throws: CELEvaluationError.self) { try program.evaluate([:]) }
        #expect(error?.reason == row.1)
    }

    private func expectTrue(_ expression: String) throws {
        let value = try CELProgram(expression).evaluate([:])
        guard case .bool(true) = value else {
            Issue.record("\(expression) is \(value)")
            return
        }
    }
}
