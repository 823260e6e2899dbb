// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import WireRESP

/// What all servers say alike (`+OK`, a script's hash): the first one's words, or the first error.
final class OneReply: KeptReplies {
    override func merge(into output: inout ByteBuffer) -> Bool {
        guard let first = replies.first else { return false }
        output.writeImmutableBuffer(first)
        return true
    }
}

/// RANDOMKEY: a key of one of the servers that have any. Servers are chosen alike, however many keys they have, for the
/// command promises no more than that the key is there.
final class AnyReply: KeptReplies {
    override var mayFailInPart: Bool { true }

    override func merge(into output: inout ByteBuffer) -> Bool {
        if let value = values.filter({ !$0.isRESPNull }).randomElement() {
            output.writeImmutableBuffer(value)
        } else if let null = error ?? values.first {
            // A server that failed may have keys, so that there being none isn't known.
            output.writeImmutableBuffer(null)
        }
        return !replies.isEmpty
    }
}

/// KEYS: the elements of all arrays, server after server.
final class ElementsReplies: KeptReplies {
    override func merge(into output: inout ByteBuffer) -> Bool {
        let arrays = replies.compactMap { ReplyElements($0) }
        guard arrays.count == replies.count, let type = arrays.first?.type, type != UInt8(ascii: "%") else {
            return false
        }
        output.writeRESP(Unicode.Scalar(type), arrays.reduce(0) { $0 + $1.count })
        for array in arrays { output.writeImmutableBuffer(array.bytes) }
        return true
    }
}

extension ByteBuffer {
    fileprivate var isRESPNull: Bool {
        let bytes = readableBytesUInt8Span
        return bytes.begins(with: Array("_".utf8)) || bytes.begins(with: Array("$-".utf8))
            || bytes.begins(with: Array("*-".utf8))
    }
}
