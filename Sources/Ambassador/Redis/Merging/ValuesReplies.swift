// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import WireRESP

/// MGET: each key's value from its server, in the client's order.
///
/// The keys of a server that failed have its error in their place, which both versions of RESP allow (EXEC answers so
/// too): the client gets what there is, and no missing value looks like a missing key.
final class ValuesReplies: KeptReplies {
    private let order: [UInt16]

    init(_ parts: RedisParts) {
        order = parts.order
        super.init(parts: parts.parts.count)
    }

    override var mayFailInPart: Bool { true }

    override func merge(into output: inout ByteBuffer) -> Bool {
        output.writeRESP("*", order.count)
        writeElements(into: &output)
        return true
    }

    /// Writes the values without their count.
    func writeElements(into output: inout ByteBuffer) {
        var elements = replies.indices.map { isRefused($0) ? nil : ReplyElements(replies[$0]) }
        for part in order.lazy.map(Int.init) where elements[part]?.move(into: &output) != true {
            if isRefused(part) {
                output.writeImmutableBuffer(replies[part])
            } else {
                output.writeStaticString("-ERR the server's reply has no value for this key\r\n")
            }
        }
    }
}
