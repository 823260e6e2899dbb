// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHTTP1

/// A message as the parser of swift-nio (llhttp) reads it.
struct StockMessage {
    /// Method and target, or the status.
    var startLine: [String]
    var isHTTP10: Bool
    var fields: [(name: String, value: String)]
    var body: [UInt8] = []
    var trailer: [(name: String, value: String)]?

    fileprivate init(_ startLine: [String], _ version: HTTPVersion, _ headers: HTTPHeaders) {
        self.startLine = startLine
        isHTTP10 = version == .http1_0
        fields = headers.map { (name: $0.name, value: $0.value) }
    }
}

/// What the parser of swift-nio makes of bytes: as many messages as there are, until it refuses something.
enum StockParser {
    static func requests(_ bytes: [UInt8]) -> (messages: [StockMessage], isRefused: Bool) {
        read(bytes, by: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))) {
            (part: HTTPServerRequestPart) in
            switch part {
            case .head(let head): .head(StockMessage([head.method.rawValue, head.uri], head.version, head.headers))
            case .body(let buffer): .body(Array(buffer.readableBytesView))
            case .end(let trailer): .end(trailer)
            }
        }
    }

    /// The answers to requests with GET.
    static func responses(_ bytes: [UInt8]) -> (messages: [StockMessage], isRefused: Bool) {
        let request = HTTPClientRequestPart.head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/"))
        return read(
            bytes, by: ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)), after: request
        ) {
            (part: HTTPClientResponsePart) in
            switch part {
            case .head(let head): .head(StockMessage(["\(head.status.code)"], head.version, head.headers))
            case .body(let buffer): .body(Array(buffer.readableBytesView))
            case .end(let trailer): .end(trailer)
            }
        }
    }

    private enum Part {
        case head(StockMessage)
        case body([UInt8])
        case end(HTTPHeaders?)
    }

    private static func read<Message>(
        _ bytes: [UInt8], by handler: ByteToMessageHandler<some ByteToMessageDecoder>,
        after request: HTTPClientRequestPart? = nil, _ part: (Message) -> Part
    ) -> (messages: [StockMessage], isRefused: Bool) {
        let channel = EmbeddedChannel()
        try? channel.pipeline.syncOperations.addHandler(handler)
        if let request { _ = try? channel.writeOutbound(request) }
        var messages: [StockMessage] = []
        var isRefused = false
        do {
            try channel.writeInbound(ByteBuffer(bytes: bytes))
        } catch { isRefused = true }
        while let message = try? channel.readInbound(as: Message.self) {
            switch part(message) {
            case .head(let head): messages.append(head)
            case .body(let bytes): messages[messages.count - 1].body += bytes
            case .end(let trailer):
                messages[messages.count - 1].trailer = (trailer ?? [:]).map { (name: $0.name, value: $0.value) }
            }
        }
        _ = try? channel.finish()
        return (messages, isRefused)
    }
}
