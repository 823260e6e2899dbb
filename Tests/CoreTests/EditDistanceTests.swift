// SPDX-License-Identifier: Apache-2.0

import Core
import Testing

struct EditDistanceTests {
    @Test(
        "the distance counts insertions, removals, replacements and swaps",
        arguments: [
            ("", "", 0), ("", "abc", 3), ("port", "port", 0), ("prot", "port", 1), ("por", "port", 1),
            ("kitten", "sitting", 3),
        ])
    func distance(from: String, to: String, expected: Int) {
        #expect(EditDistance.between(Array(from.utf8), Array(to.utf8)) == expected)
        #expect(EditDistance.between(Array(to.utf8), Array(from.utf8)) == expected)
    }

    @Test func `the nearest name is suggested, without case`() {
        #expect(EditDistance.nearest(to: "Prot", among: ["address", "port", "protocol"]) == "port")
    }

    @Test func `a name that is like nothing gets no suggestion`() {
        #expect(EditDistance.nearest(to: "zebra", among: ["address", "port"]) == nil)
        #expect(EditDistance.nearest(to: "x", among: []) == nil)
    }

    @Test func `a name beyond the limit gets no suggestion`() {
        let long = String(repeating: "a", count: EditDistance.lengthMax + 1)
        #expect(EditDistance.nearest(to: long, among: [long]) == nil)
    }
}
