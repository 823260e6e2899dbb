// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing
import WireProxyProtocol

@Suite struct ProxyProtocolReaderTests {
    private typealias Bytes = ProxyProtocolBytes

    @Test(arguments: [
        ("PROXY TCP4 192.0.2.7 192.0.2.1 51532 443", ("192.0.2.7", UInt16(51532), "192.0.2.1", UInt16(443))),
        ("PROXY TCP4 255.255.255.255 255.255.255.255 65535 0", ("255.255.255.255", 65535, "255.255.255.255", 0)),
        ("PROXY TCP6 2001:db8::7 ::1 0 1", ("2001:db8::7", 0, "::1", 1)),
        (
            "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535",
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535)
        ),
    ])
    func `a line of version 1 is read, and nothing behind it`(
        _ row: (line: String, ends: ProxyProtocolBytes.Ends)
    ) throws {
        var buffer = ByteBuffer(string: row.line + "\r\nGET / HTTP/1.1\r\n")
        var reader = ProxyProtocolReader()
        #expect(try reader.read(from: &buffer) == ProxyProtocolHeader(.v1, Bytes.addresses(row.ends)))
        #expect(String(buffer: buffer) == "GET / HTTP/1.1\r\n")
    }

    @Test(arguments: ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff:f...f:ffff ffff::1 65535 65535\r\n"])
    func `whom version 1 doesn't know is nobody`(line: String) throws {
        #expect(try Bytes.read(Array(line.utf8)) == ProxyProtocolHeader(.v1, nil))
    }

    @Test(arguments: [
        "PROXY \r\n", "PROXY TCP4\r\n", "PROXY UNKNOWNX\r\n", "PROXY TCP5 1.1.1.1 1.1.1.2 1 2\r\n",
        "PROXY TCP4 1.1.1.1 1.1.1.2 1\r\n", "PROXY TCP4 1.1.1.1 1.1.1.2 1 2 3\r\n",
        "PROXY TCP4  1.1.1.1 1.1.1.2 1 2\r\n", "PROXY TCP4 1.1.1.1 1.1.1.2 1 2 \r\n",
        "PROXY TCP4 1.1.1.1 1.1.1.2 1 65536\r\n", "PROXY TCP4 1.1.1.1 1.1.1.2 01 2\r\n",
        "PROXY TCP4 1.1.1.1 1.1.1.2 -1 2\r\n", "PROXY TCP4 1.1.1.1 1.1.1.2 +1 2\r\n",
        "PROXY TCP4 01.1.1.1 1.1.1.2 1 2\r\n", "PROXY TCP4 ::1 1.1.1.2 1 2\r\n", "PROXY TCP6 1.1.1.1 ::1 1 2\r\n",
        "PROXY TCP4 1.1.1.1 1.1.1.2 1 2\n", "PROXY tcp4 1.1.1.1 1.1.1.2 1 2\r\n", "PROXY TCP4 a b 1 2\r\n",
        "PROXY \n", "PROXY TCP4 1.1.1.1\u{0} 1.1.1.2 1 2\r\n",
    ])
    func `a line that is wrong is refused`(line: String) {
        #expect(throws: ProxyProtocolError.malformedLine) { try Bytes.read(Array(line.utf8)) }
    }

    @Test func `a line without an end is refused after 107 bytes`() throws {
        let beginning = Array("PROXY UNKNOWN ".utf8)
        func line(_ count: Int) -> [UInt8] { beginning + Array(repeating: UInt8(ascii: "x"), count: count) }
        #expect(try Bytes.read(line(91) + Array("\r\n".utf8)) != nil)
        #expect(try Bytes.read(line(92)) == nil)
        #expect(throws: ProxyProtocolError.lineTooLong) { try Bytes.read(line(93)) }
        #expect(throws: ProxyProtocolError.lineTooLong) { try Bytes.read(line(92) + Array("\r\n".utf8)) }
    }

    @Test func `version 2 is read for each kind of address, and nothing behind it`() throws {
        var buffer = ByteBuffer(bytes: Bytes.v4() + [0x16, 0x03])
        var reader = ProxyProtocolReader()
        let ends = Bytes.addresses(("192.0.2.7", 51532, "192.0.2.1", 443))
        #expect(try reader.read(from: &buffer) == ProxyProtocolHeader(.v2, ends))
        #expect(Array(buffer.readableBytesView) == [0x16, 0x03])

        let v6 =
            Bytes.prefix(0x21, 0x21, 36) + [0x20, 0x01, 0x0D, 0xB8] + Bytes.zeros(11) + [7] + Bytes.zeros(15)
            + [1, 0, 80, 1, 0xBB]
        #expect(try Bytes.read(v6) == ProxyProtocolHeader(.v2, Bytes.addresses(("2001:db8::7", 80, "::1", 443))))

        let long = Array(repeating: UInt8(ascii: "b"), count: 108)
        let paths = Array("/run/a".utf8) + Bytes.zeros(102) + long
        #expect(
            try Bytes.read(Bytes.prefix(0x21, 0x31, 216) + paths)
                == ProxyProtocolHeader(.v2, .unix(source: Array("/run/a".utf8), destination: long)))
    }

    @Test func `a connection of the proxy's own has no addresses, whatever follows`() throws {
        let nobody = ProxyProtocolHeader(.v2, nil)
        #expect(try Bytes.read(Bytes.prefix(0x20, 0, 0)) == nobody)
        #expect(try Bytes.read(Bytes.prefix(0x20, 0x11, 3) + [1, 2, 3]) == nobody)
        #expect(try Bytes.read(Bytes.prefix(0x21, 0, 0)) == nobody)
    }

    @Test func `extensions are handed on without what fills gaps`() throws {
        let body = [0x02, 0, 3] + Array("a.b".utf8) + [0x04, 0, 2, 9, 9] + [0x05, 0, 0] + [0xEA, 0, 1, 1]
        #expect(
            try Bytes.read(Bytes.v4(body))?.extensions == [
                ProxyProtocolExtension(ProxyProtocolExtension.authority, Array("a.b".utf8)),
                ProxyProtocolExtension(ProxyProtocolExtension.uniqueID, []), ProxyProtocolExtension(0xEA, [1]),
            ])
    }

    @Test func `a checksum is checked`() throws {
        // RFC 3720, appendix B.4: that of 32 zeros is aa 36 91 8a, the lowest byte first.
        #expect(Bytes.checksum(of: Bytes.zeros(32)) == [0x8A, 0x91, 0x36, 0xAA])
        let right = Bytes.checksum(of: Bytes.v4([0x03, 0, 4, 0, 0, 0, 0]))
        #expect(try Bytes.read(Bytes.v4([0x03, 0, 4] + right))?.extensions == [])
        #expect(throws: ProxyProtocolError.wrongChecksum) { try Bytes.read(Bytes.v4([0x03, 0, 4, 1, 2, 3, 4])) }
        #expect(throws: ProxyProtocolError.malformedExtensions) { try Bytes.read(Bytes.v4([0x03, 0, 1, 1])) }
    }

    @Test func `what is wrong with version 2 is said`() {
        let rows: [([UInt8], ProxyProtocolError)] = [
            (Bytes.prefix(0x11, 0x11, 12) + Bytes.zeros(12), .unknownVersion(1)),
            (Bytes.prefix(0x22, 0x11, 12) + Bytes.zeros(12), .unknownCommand(2)),
            (Bytes.prefix(0x21, 0x12, 12) + Bytes.zeros(12), .unknownTransport(0x12)),
            (Bytes.prefix(0x21, 0x41, 12) + Bytes.zeros(12), .unknownTransport(0x41)),
            (Bytes.prefix(0x21, 0x11, 11) + Bytes.zeros(11), .tooShort),
            (Bytes.prefix(0x21, 0x21, 35) + Bytes.zeros(35), .tooShort),
            (Bytes.prefix(0x21, 0x31, 215) + Bytes.zeros(215), .tooShort),
            (Bytes.prefix(0x21, 0x11, 4097), .tooLong(limit: 4096)),
            (Bytes.v4([1]), .malformedExtensions), (Bytes.v4([1, 0]), .malformedExtensions),
            (Bytes.v4([1, 0, 1]), .malformedExtensions), (Bytes.v4([1, 1, 0, 5]), .malformedExtensions),
        ]
        for (bytes, error) in rows { #expect(throws: error) { try Bytes.read(bytes) } }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "PROPFIND / HTTP/1.1\r\n", "PROXYX", "\r\nGET", "\r\n\r\n\r\nGET", "\u{16}\u{3}\u{1}",
    ])
    func `something else is found missing with its first other byte, and stays`(text: String) throws {
        var buffer = ByteBuffer()
        var reader = ProxyProtocolReader()
        var error: ProxyProtocolError?
        for byte in text.utf8 where error == nil {
            buffer.writeInteger(byte)
            do throws(ProxyProtocolError) { #expect(try reader.read(from: &buffer) == nil) } catch let thrown {
                error = thrown
            }
        }
        #expect(error == .missing)
        #expect(text.utf8.starts(with: buffer.readableBytesView))
    }

    @Test func `a header may come in any two pieces`() throws {
        for header in [Bytes.line, Bytes.v4(), Bytes.v4([0x05, 0, 2, 7, 7]), Bytes.prefix(0x20, 0, 0)] {
            let whole = try #require(try Bytes.read(header))
            for cut in 0..<header.count {
                var buffer = ByteBuffer(bytes: header[..<cut])
                var reader = ProxyProtocolReader()
                #expect(try reader.read(from: &buffer) == nil)
                #expect(buffer.readableBytes == cut)
                buffer.writeBytes(header[cut...])
                #expect(try reader.read(from: &buffer) == whole)
                #expect(buffer.readableBytes == 0)
            }
        }
    }

    @Test func `whatever comes is read, refused or waited for`() {
        var numbers = SeededNumbers(seed: 5)
        let seeds = [
            Bytes.line, Bytes.v4([0x02, 0, 3, 1, 2, 3, 0x05, 0, 2, 0, 0]),
            Bytes.prefix(0x21, 0x21, 36) + Bytes.zeros(36),
        ]
        var (read, refused) = (0, 0)
        for _ in 0..<20_000 {
            var bytes = seeds[Int.random(in: 0..<seeds.count, using: &numbers)]
            for _ in 0..<Int.random(in: 0...3, using: &numbers) {
                let index = Int.random(in: 0..<bytes.count, using: &numbers)
                switch Int.random(in: 0..<3, using: &numbers) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &numbers)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &numbers), at: index)
                }
            }
            do { read += try Bytes.read(bytes) == nil ? 0 : 1 } catch { refused += 1 }
        }
        #expect(read > 1000 && refused > 1000)
    }
}
