// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The reply to EVALSHA. A server that doesn't know the script is given it, once, in a second try.
final class RetriedScriptReply: FanOut {
    private var again: (() -> Void)?
    private var reply = ByteBuffer()

    /// - Parameter again: sends the script whole; called outside of the event that brought the reply.
    init(again: @escaping () -> Void) {
        self.again = again
        super.init(parts: 1)
    }

    override func receive(_ part: UInt16, _ reply: ByteBuffer, _ kind: ReplyKind) {
        if let again, kind != .value, reply.readableBytesUInt8Span.begins(with: Self.unknown) {
            self.again = nil
            expect(1)
            again()
        } else {
            self.reply = reply
        }
    }

    override func write(into output: inout ByteBuffer) { output.writeBuffer(&reply) }

    private static let unknown = Array("-NOSCRIPT".utf8)
}

/// The servers' replies to SCRIPT LOAD: the hash, which is remembered with the script.
final class LoadedScriptReply: KeptReplies {
    private let scripts: RedisScripts
    private let body: ByteBuffer

    init(parts: Int, _ body: ByteBuffer, _ scripts: RedisScripts) {
        self.body = body
        self.scripts = scripts
        super.init(parts: parts)
    }

    override func merge(into output: inout ByteBuffer) -> Bool {
        // "$40", CRLF, the hash in hexadecimal, CRLF.
        if let first = replies.first, let hash = first.getString(at: first.readerIndex + 5, length: 40) {
            scripts.add(hash, body)
            output.writeImmutableBuffer(first)
            return true
        }
        return false
    }
}
