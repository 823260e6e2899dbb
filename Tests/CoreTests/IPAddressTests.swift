// SPDX-License-Identifier: Apache-2.0

import Core
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
        ("2001:DB8:0:0::1", "2001:db8::1"), ("::1", "::1"), ("::", "::"), ("::ffff:10.0.0.1", "10.0.0.1"),
    ])
    func `an address is read and written`(_ row: (text: String, written: String)) {
        #expect(IPAddress(text: row.text)?.description == row.written)
    }

    @Test(arguments: [
        "", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1 ", "10.0.0.1:80", "[::1]", "fe80::1%eth0", "localhost", "1",
        ":::", "10.0.0.1\0",
    ])
    func `anything else is no address`(text: String) { #expect(IPAddress(text: text) == nil) }

    @Test func `an address of version 4 is the same when version 6 maps it`() {
        #expect(IPAddress(text: "::ffff:127.0.0.1") == IPAddress(v4: 0x7F00_0001))
        #expect(IPAddress(text: "127.0.0.1")?.isV4 == true)
        #expect(IPAddress(text: "::1")?.isV4 == false)
        #expect(IPAddress(text: "127.0.0.1")?.v4 == 0x7F00_0001)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.1.2.3/8", "10.9.9.9", true),
        ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "2001:db8::1", true),
        ("::/0", "10.0.0.1", true), ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false),
        ("2001:db8::/65", "2001:db8::1", true), ("2001:db8::/65", "2001:db8:0:0:8000::1", false),
        ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.2", false), ("127.0.0.1/32", "::ffff:127.0.0.1", true),
        ("::1/128", "::1", true),
    ])
    func `a range has the addresses that begin with its bits`(
        _ row: (range: String, address: String, isIn: Bool)
    ) throws {
        let range = try #require(AddressRange(text: row.range))
        #expect(range.contains(try #require(IPAddress(text: row.address))) == row.isIn)
    }

    @Test(arguments: [
        ("10.1.2.3/8", "10.0.0.0/8"), ("10.0.0.1/32", "10.0.0.1"), ("0.0.0.0/0", "0.0.0.0/0"),
        ("FD00::1/8", "fd00::/8"),
        ("::/0", "::/0"), ("::1", "::1"),
    ])
    func `a range is written with the bits that count`(_ row: (text: String, written: String)) {
        #expect(AddressRange(text: row.text)?.description == row.written)
    }

    @Test(arguments: ["", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "::/129", "10/8", "a/8"])
    func `anything else is no range`(text: String) { #expect(AddressRange(text: text) == nil) }
}
