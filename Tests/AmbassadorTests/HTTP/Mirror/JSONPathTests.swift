// SPDX-License-Identifier: Apache-2.0

import Settings
import Testing

@testable import Ambassador

@Suite struct JSONPathTests {
    @Test(
        "a path reads as it is written",
        arguments: ["$", "$.a", "$.a.b[2].c", "$[*].id", "$..time", "$.a-b._c", "$[\"a b\"].c", "$[\"a\\\"\\\\b\"]"])
    func roundTrip(text: String) throws { #expect(try #require(JSONPath(text: text)).description == text) }

    @Test(
        "a path may be written in other ways",
        arguments: [("$['a b']", "$[\"a b\"]"), ("$.*.id", "$[*].id"), ("$[\"a\"]", "$.a")])
    func forms(text: String, expected: String) throws {
        #expect(try #require(JSONPath(text: text)).description == expected)
    }

    @Test(
        "what is no path isn't read",
        arguments: [
            "", "a", "$a", "$.", "$..", "$.a.", "$[", "$[]", "$[a]", "$[1", "$[-1]", "$[\"a]", "$['a'", "$[1:2]",
            "$[99999999999999999999]", "$[\"a\\", "$.a b",
        ])
    func wrong(text: String) { #expect(JSONPath(text: text) == nil) }

    @Test(
        "a path covers what is in the place it leads to",
        arguments: [
            ("$", "$.a", true), ("$.a", "$.a", true), ("$.a", "$.a.b[1]", true), ("$.a.b", "$.a", false),
            ("$.a", "$.b", false), ("$.items[*].id", "$.items[7].id", true), ("$.items[*].id", "$.items[7].no", false),
            ("$.items[7]", "$.items[7].id", true), ("$.items[7]", "$.items[8].id", false),
            ("$.*.id", "$.a.id", true), ("$..id", "$.id", true), ("$..id", "$.a[3].b.id.c", true),
            ("$..id", "$.a.ids", false), ("$..a..b", "$.x.a.y.b", true), ("$..a.b", "$.a.a.b", true),
        ])
    func covers(pattern: String, place: String, isCovered: Bool) throws {
        let (pattern, place) = (try #require(JSONPath(text: pattern)), try #require(JSONPath(text: place)))
        #expect(pattern.covers(place) == isCovered)
    }

    @Test(
        "what is ignored is a header or a path",
        arguments: [("X-Build", "x-build"), ("$.a[*]", "$.a[*]"), ("a b", nil), ("", nil), ("$a", nil)])
    func ignored(text: String, expected: String?) {
        #expect(SettingType.ignoredPlace.parse(text).map(SettingType.ignoredPlace.text) == expected)
    }

    @Test(
        "a percentage is a number from 0 to 100",
        arguments: [
            ("0", "0"), ("100", "100"), ("12.5", "12.5"), ("50.0", "50"), ("101", nil), ("-1", nil), ("5%", nil),
            ("1e1", nil), ("nan", nil), ("", nil), (".", nil),
        ])
    func percentage(text: String, expected: String?) {
        #expect(SettingType.percentage.parse(text).map(SettingType.percentage.text) == expected)
    }
}
