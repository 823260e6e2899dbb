// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Proxying
import Testing

@testable import Ambassador

@Suite struct ProxyProtocolEntryTests {
    /// What comes behind the handler, and for whom.
    private final class Behind: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var text = ""
        var client: SocketAddress?

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { text += String(buffer: unwrapInboundIn(data)) }
    }

    private let counters = HTTPProxyCounters(HTTPProxyNames(routes: [], upstreams: []))

    private func channel(isRequired: Bool) throws -> (EmbeddedChannel, Behind) {
        let behind = Behind()
        let entry = ProxyProtocolEntry(
            isRequired: isRequired, timeout: .seconds(10), counters: counters
        ) { channel, client in
            behind.client = client
            try channel.pipeline.syncOperations.addHandler(behind)
        }
        let channel = EmbeddedChannel(handler: entry)
        try channel.connect(to: SocketAddress(ipAddress: "10.0.0.9", port: 4000)).wait()
        return (channel, behind)
    }

    @Test func `the client is whom the header names, and the rest goes on`() throws {
        let (channel, behind) = try channel(isRequired: true)
        for part in ["PROXY TCP4 192.0.2.7 ", "192.0.2.1 51532 443\r\nGET", " / HTTP/1.1\r\n"] {
            try channel.writeInbound(ByteBuffer(string: part))
        }
        #expect(behind.client?.ipAddress == "192.0.2.7" && behind.client?.port == 51532)
        #expect(behind.text == "GET / HTTP/1.1\r\n")
        #expect(throws: (any Error).self) { try channel.pipeline.syncOperations.handler(type: ProxyProtocolEntry.self) }
        // Its time is over with it.
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
    }

    @Test func `who may say nothing and doesn't is whoever has connected`() throws {
        let (channel, behind) = try channel(isRequired: false)
        try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\n"))
        #expect(behind.client == channel.remoteAddress)
        #expect(behind.text == "GET / HTTP/1.1\r\n")
    }

    @Test func `a proxy's own connection is the proxy's`() throws {
        let (channel, behind) = try channel(isRequired: true)
        try channel.writeInbound(ByteBuffer(string: "PROXY UNKNOWN\r\n"))
        #expect(behind.client == channel.remoteAddress)
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n", "PROXY TCP4 1.1.1.1\r\n"])
    func `who must say it and doesn't is closed`(text: String) throws {
        let (channel, behind) = try channel(isRequired: true)
        try channel.writeInbound(ByteBuffer(string: text))
        #expect(!channel.isActive && behind.text.isEmpty)
        #expect(counters.counts().clients.malformed == 1)
    }

    @Test func `who begins wrongly is closed, even where nothing must be said`() throws {
        let (channel, _) = try channel(isRequired: false)
        try channel.writeInbound(ByteBuffer(string: "PROXY TCP4 1.1.1.1\r\nGET / HTTP/1.1\r\n"))
        #expect(!channel.isActive)
    }

    @Test func `who says nothing at all is closed after a while`() throws {
        let (channel, _) = try channel(isRequired: true)
        try channel.writeInbound(ByteBuffer(string: "PROXY "))
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(!channel.isActive)
    }

    @Test(arguments: ["", "PROXY TCP4 1.1"])
    func `who goes without having said it is let go`(text: String) throws {
        let (channel, _) = try channel(isRequired: false)
        try channel.writeInbound(ByteBuffer(string: text))
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(!channel.isActive)
    }
}
