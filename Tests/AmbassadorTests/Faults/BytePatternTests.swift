// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Ambassador

@Suite struct BytePatternTests {
    @Test(
        "a pattern means what it means in KEYS",
        arguments: [
            ("", ["": true, "a": false]),
            ("*", ["": true, "abc": true]),
            ("session:*", ["session:": true, "session:1": true, "session": false, "xsession:1": false]),
            ("h?llo", ["hello": true, "hllo": false, "heello": false]),
            ("h[ae]llo", ["hello": true, "hallo": true, "hillo": false]),
            ("h[^e]llo", ["hallo": true, "hello": false]),
            ("h[a-c]llo", ["hbllo": true, "hdllo": false]),
            ("h[c-a]llo", ["hbllo": true]),
            ("[a-]", ["a": true, "-": true, "b": false]),
            ("[\\]]", ["]": true, "\\": false]),
            ("[ab", ["a": true, "c": false]),
            ("a\\*b", ["a*b": true, "axb": false]),
            ("a\\", ["a\\": true]),
            ("a*b*c", ["abc": true, "axxbyyc": true, "acb": false, "abcb": false, "abcbc": true]),
            ("**", ["": true, "a": true]),
        ])
    func pattern(text: String, keys: [String: Bool]) {
        for (key, matches) in keys {
            let isMatch = BytePattern(text).matches(Array(key.utf8).span)
            #expect(isMatch == matches, "\(text) and \(key)")
        }
    }

    @Test func `a pattern of many stars takes no long time`() {
        let pattern = BytePattern(String(repeating: "a*", count: 100) + "b")
        let isMatch = pattern.matches(Array(repeating: UInt8(ascii: "a"), count: 10_000).span)
        #expect(!isMatch)
    }
}
