// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import WireRESP

/// Keeps the parts' replies until all are there. Unless a merge says otherwise, the first part's error is the reply.
class KeptReplies: FanOut {
    private(set) final var replies: [ByteBuffer]
    private final var refused: [Bool]

    override init(parts: Int) {
        replies = Array(repeating: ByteBuffer(), count: parts)
        refused = Array(repeating: false, count: parts)
        super.init(parts: parts)
    }

    final override func receive(_ part: UInt16, _ reply: ByteBuffer, _ kind: ReplyKind) {
        replies[Int(part)] = reply
        refused[Int(part)] = kind != .value
    }

    final override func write(into output: inout ByteBuffer) {
        if let error, !mayFailInPart || !hasValues {
            output.writeImmutableBuffer(error)
        } else if !merge(into: &output) {
            output.writeStaticString("-ERR the servers' replies don't fit together\r\n")
        }
    }

    /// Whether some of the servers' errors leave something to say.
    var mayFailInPart: Bool { false }

    /// Writes the reply that the parts' replies make; false, with nothing written, if they make none.
    func merge(into output: inout ByteBuffer) -> Bool {
        preconditionFailure("Each command merges in a way of its own.")
    }

    /// The error of the first part that has one.
    final var error: ByteBuffer? { refused.firstIndex(of: true).map { replies[$0] } }

    /// The replies that are no errors, in the order of the parts.
    final var values: [ByteBuffer] { zip(replies, refused).filter { !$0.1 }.map(\.0) }

    /// Whether a part has no error.
    final var hasValues: Bool { refused.contains(false) }

    final func isRefused(_ part: Int) -> Bool { refused[part] }
}
