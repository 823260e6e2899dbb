// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import WireHTTP

/// Where a responder writes a body that it doesn't have as a whole. Each part is sent at once.
package struct HTTPBodyWriter: Sendable {
    private let connection: NIOLoopBound<HTTPConnection>
    private let eventLoop: any EventLoop

    init(_ connection: NIOLoopBound<HTTPConnection>, _ eventLoop: any EventLoop) {
        self.connection = connection
        self.eventLoop = eventLoop
    }

    /// Sends a part, and returns when the client takes more. Throws if the connection is closed, or if the part goes
    /// beyond the length that was announced. One task may write at a time.
    package func write(_ part: ByteBuffer) async throws {
        if part.readableBytes == 0 { return }
        let isOpen = await withCheckedContinuation { done in
            if eventLoop.inEventLoop {
                connection.value.writeBody(part, done)
            } else {
                eventLoop.execute { connection.value.writeBody(part, done) }
            }
        }
        if !isOpen { throw HTTPAnswerError.refused }
    }
}

/// Why an answer broke off.
package enum HTTPAnswerError: Error, Sendable, CustomStringConvertible {
    /// The connection is closed, or the body is longer than was announced.
    case refused
    case shorterThanAnnounced

    package var description: String {
        switch self {
        case .refused: "the connection is closed, or the body is longer than was announced"
        case .shorterThanAnnounced: "the body is shorter than was announced"
        }
    }
}

/// How much of a body went out, and in which form the rest goes.
struct HTTPOutgoingBody {
    private let framing: HTTPAnswerHead.Framing
    private var sent = 0

    init(_ framing: HTTPAnswerHead.Framing) { self.framing = framing }

    /// What to write for a part; nil if it is too much.
    mutating func pieces(_ part: ByteBuffer) -> [ByteBuffer]? {
        sent += part.readableBytes
        switch framing {
        case .none: return nil
        case .length(let count): return sent <= count ? [part] : nil
        case .untilClose: return [part]
        case .chunked: return Self.chunk(part)
        }
    }

    private static func chunk(_ part: ByteBuffer) -> [ByteBuffer] {
        let isJoined = part.readableBytes <= HTTPAnswerHead.joinedBytesMax
        var chunk = ByteBufferAllocator().buffer(capacity: 16 + (isJoined ? part.readableBytes : 0))
        chunk.writeHTTPChunkSize(part.readableBytes)
        guard isJoined else { return [chunk, part, ByteBuffer(staticString: "\r\n")] }
        chunk.writeImmutableBuffer(part)
        chunk.writeStaticString("\r\n")
        return [chunk]
    }

    /// What to write behind the last part; nil if a part is missing.
    func end() -> ByteBuffer? {
        switch framing {
        case .none, .untilClose: return ByteBuffer()
        case .length(let count): return sent == count ? ByteBuffer() : nil
        case .chunked:
            var end = ByteBuffer()
            end.writeHTTPLastChunk()
            return end
        }
    }
}
