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

    /// Takes one part's reply, whole; true if it was the last.
    final func take(_ part: UInt16, _ reply: ByteBuffer, _ kind: ReplyKind) -> Bool {
        outstanding -= 1
        bytes += reply.readableBytes
        receive(part, reply, kind)
        return isComplete
    }

    /// One more part is to come: called while one is received, that has to be asked for anew.
    final func expectAgain() { outstanding += 1 }

    /// Keeps what the reply needs of one part's.
    func receive(_ part: UInt16, _ reply: ByteBuffer, _ kind: ReplyKind) {
        preconditionFailure("Each command merges in a way of its own.")
    }

    /// Writes the reply; every part is there.
    func write(into output: inout ByteBuffer) {
        preconditionFailure("Each command merges in a way of its own.")
    }
}
