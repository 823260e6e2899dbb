// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A command that went to several servers, and what has come back.
///
/// It has no sockets and no order of its own: a `ReplyQueue` tells it of each part and asks it for the one reply.
class FanOut {
    private(set) var outstanding: Int
    /// What the parts' replies came to so far.
    private(set) var bytes = 0

    init(parts: Int) { outstanding = parts }

    final var isComplete: Bool { outstanding == 0 }

    /// Whether there is something to write, all of it or a beginning.
    var isDue: Bool { isComplete }

    /// Takes one part's reply, whole; true if it was the last.
    final func take(_ part: UInt16, _ reply: ByteBuffer, _ kind: ReplyKind) -> Bool {
        outstanding -= 1
        bytes += reply.readableBytes
        receive(part, reply, kind)
        return isComplete
    }

    /// More parts are to come than were known of: one that has to be asked for anew, say, while it is received.
    final func expect(_ parts: Int) { outstanding += parts }

    /// Nothing is kept any more of the parts that have come; returns what they came to.
    final func forgetBytes() -> Int {
        defer { bytes = 0 }
        return bytes
    }

    /// Writes what needn't wait for parts that are still to come; returns how many bytes of replies aren't kept any
    /// more for that.
    func writeBeginning(into output: inout ByteBuffer) -> Int { 0 }

    /// Keeps what the reply needs of one part's.
    func receive(_ part: UInt16, _ reply: ByteBuffer, _ kind: ReplyKind) {
        preconditionFailure("Each command merges in a way of its own.")
    }

    /// Writes the reply; every part is there.
    func write(into output: inout ByteBuffer) {
        preconditionFailure("Each command merges in a way of its own.")
    }
}
