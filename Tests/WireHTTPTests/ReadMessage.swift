// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// A message as it was read, with the parts of its body put together.
struct ReadMessage<Head: Sendable & Equatable>: Equatable {
    var head: Head
    var body: [UInt8] = []
    /// Nil while the end hasn't come.
    var trailer: HTTPFields?

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// Puts parts together, and notes parts that come out of their order.
struct MessageList<Head: Sendable & Equatable> {
    private(set) var messages: [ReadMessage<Head>] = []
    private(set) var isInOrder = true

    mutating func take(_ part: HTTPPart<Head>) {
        switch part {
        case .head(let head): messages.append(ReadMessage(head: head))
        case .body(let bytes):
            guard let last = messages.indices.last, messages[last].trailer == nil, bytes.readableBytes > 0 else {
                isInOrder = false
                return
            }
            messages[last].body += bytes.readableBytesView
        case .end(let trailer):
            guard let last = messages.indices.last, messages[last].trailer == nil else {
                isInOrder = false
                return
            }
            messages[last].trailer = trailer
        }
    }
}

typealias ReadRequest = ReadMessage<HTTPRequestHead>
typealias ReadResponse = ReadMessage<HTTPResponseHead>

/// Cuts bytes into pieces of the given sizes, the last of which holds for the rest.
func pieces(_ bytes: [UInt8], sizes: [Int]) -> [ByteBuffer] {
    var pieces: [ByteBuffer] = []
    var start = 0
    while start < bytes.count {
        let size = sizes[min(pieces.count, sizes.count - 1)]
        let end = start + min(bytes.count - start, size)
        pieces.append(ByteBuffer(bytes: bytes[start..<end]))
        start = end
    }
    return pieces
}

func readRequests(
    _ bytes: [UInt8], sizes: [Int] = [.max], limits: HTTPSyntaxLimits = HTTPSyntaxLimits()
) throws(HTTPSyntaxError) -> [ReadRequest] {
    var decoder = HTTPRequestDecoder(limits)
    var list = MessageList<HTTPRequestHead>()
    for piece in pieces(bytes, sizes: sizes) {
        decoder.feed(piece)
        while let part = try decoder.next() { list.take(part) }
    }
    precondition(list.isInOrder, "Parts come as head, body, end.")
    return list.messages
}

func readRequests(
    _ text: String, sizes: [Int] = [.max], limits: HTTPSyntaxLimits = HTTPSyntaxLimits()
) throws(HTTPSyntaxError) -> [ReadRequest] {
    try readRequests(Array(text.utf8), sizes: sizes, limits: limits)
}

/// Why a text is refused as a request; nil if it isn't.
func refusal(_ text: String, sizes: [Int] = [.max], limits: HTTPSyntaxLimits = HTTPSyntaxLimits()) -> HTTPSyntaxError? {
    do {
        _ = try readRequests(text, sizes: sizes, limits: limits)
        return nil
    } catch { return error }
}

/// The responses of a connection that ends behind them; each with whether its end is known to be its end.
func readResponses(
    _ text: String, to method: HTTPMethod = .get, sizes: [Int] = [.max]
) throws(HTTPSyntaxError) -> (responses: [ReadResponse], isWhole: Bool) {
    var decoder = HTTPResponseDecoder()
    decoder.method = method
    var list = MessageList<HTTPResponseHead>()
    for piece in pieces(Array(text.utf8), sizes: sizes) {
        decoder.feed(piece)
        while let part = try decoder.next() { list.take(part) }
    }
    precondition(list.isInOrder, "Parts come as head, body, end.")
    return (list.messages, decoder.endOfInput())
}
