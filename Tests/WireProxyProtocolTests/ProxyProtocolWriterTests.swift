// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireProxyProtocol

@Suite struct ProxyProtocolWriterTests {
    private typealias Bytes = ProxyProtocolBytes

    @Test func `each version is written byte by byte`() {
        let ends = Bytes.addresses(("192.0.2.7", 51532, "192.0.2.1", 443))
        #expect(Bytes.written(ProxyProtocolHeader(.v1, ends)) == Bytes.line)
        #expect(Bytes.written(ProxyProtocolHeader(.v2, ends)) == Bytes.v4())
        #expect(Bytes.written(ProxyProtocolHeader(.v1, nil)) == Array("PROXY UNKNOWN\r\n".utf8))
        #expect(Bytes.written(ProxyProtocolHeader(.v2, nil)) == Bytes.prefix(0x20, 0, 0))
    }

    @Test func `what is written is read as it was`() throws {
        let unix = ProxyProtocolAddresses.unix(source: Array("/a".utf8), destination: [])
        let v6 = Bytes.addresses(("2001:db8::7", 0, "::1", 65535))
        let headers = [
            ProxyProtocolHeader(.v2, unix, extensions: [ProxyProtocolExtension(0xEA, [1, 2])]),
            ProxyProtocolHeader(.v1, v6), ProxyProtocolHeader(.v2, v6, extensions: [ProxyProtocolExtension(2, [])]),
        ]
        for header in headers { #expect(try Bytes.read(Bytes.written(header)) == header) }
        #expect(Bytes.written(ProxyProtocolHeader(.v1, unix)) == Array("PROXY UNKNOWN\r\n".utf8))
    }

    @Test func `addresses of two versions are both written in version 6`() throws {
        let mixed = Bytes.addresses(("2001:db8::7", 1, "192.0.2.1", 2))
        let line = "PROXY TCP6 2001:db8::7 ::ffff:192.0.2.1 1 2\r\n"
        #expect(Bytes.written(ProxyProtocolHeader(.v1, mixed)) == Array(line.utf8))
        for version in ProxyProtocolVersion.allCases {
            #expect(try Bytes.read(Bytes.written(ProxyProtocolHeader(version, mixed)))?.addresses == mixed)
        }
    }

    @Test func `extensions that don't fit are left out`() throws {
        let large = ProxyProtocolExtension(1, Bytes.zeros(40_000))
        let small = ProxyProtocolExtension(2, [7])
        let ends = Bytes.addresses(("::1", 1, "::1", 2))
        let header = ProxyProtocolHeader(.v2, ends, extensions: [large, large, small])
        var buffer = ByteBuffer(bytes: Bytes.written(header))
        var reader = ProxyProtocolReader(bodyBytesMax: 65_535)
        #expect(try reader.read(from: &buffer)?.extensions == [large, small])
    }
}
