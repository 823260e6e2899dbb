// SPDX-License-Identifier: Apache-2.0

import Testing
import WireRESP

struct RESPNameTests {
    private func name(_ text: String, behind: String = "") -> RESPName {
        let bytes = Array((text + behind).utf8)
        return RESPName(bytes.span, at: 0, length: text.utf8.count)
    }

    @Test(arguments: ["", "G", "GET", "BITFIELD", "BITFIELD_", "GEORADIUSBYMEMBER_RO", "ABCDEFGHIJKLMNOPQRSTUVW"])
    func `a name is the same in every case, at the end of the bytes and before others`(text: String) {
        #expect(name(text) == RESPName(text))
        #expect(name(text.lowercased()) == RESPName(text))
        #expect(name(text.lowercased(), behind: "\r\n$3\r\nabcdefgh") == RESPName(text))
        #expect(RESPName(text).description == text)
    }

    @Test func `only letters change their case`() {
        let others = "@[`{~\u{0}\u{7F}09-_|é"
        #expect(name(others).description == others)
        #expect(name("az").description == "AZ")
    }

    @Test func `a zero byte is a part of the name`() {
        #expect(name("GET\u{0}") != RESPName("GET"))
        #expect(name("\u{0}") != .none)
    }

    @Test func `a name that is too long equals none that is known`() {
        let long = name(String(repeating: "A", count: 24))
        #expect(long == .tooLong)
        #expect(long.description == "(too long)")
        #expect(long != RESPName(String(repeating: "A", count: 23)))
    }
}
