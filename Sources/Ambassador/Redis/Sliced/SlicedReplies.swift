// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import WireRESP

/// The replies to a command that goes to its servers in slices.
///
/// One part more than was asked for is expected until the last slice has been.
class SlicedReplies: FanOut {
    private var slice: KeptReplies?
    /// What the replies to the last slice that was answered came to.
    private(set) final var bytesOfSlice: Int?

    init() { super.init(parts: 1) }

    /// Whether the next slice may be asked for.
    final var awaitsSlice: Bool { slice?.isComplete ?? true }

    final override var isDue: Bool { awaitsSlice }

    /// A slice is being asked for.
    final func begin(_ parts: RedisParts, isLast: Bool) {
        slice = replies(to: parts)
        expect(parts.parts.count - (isLast ? 1 : 0))
    }

    final override func receive(_ part: UInt16, _ reply: ByteBuffer, _ kind: ReplyKind) {
        guard let slice, slice.take(part, reply, kind) else { return }
        bytesOfSlice = slice.bytes
        add(slice)
    }

    /// What takes the replies to one slice.
    func replies(to parts: RedisParts) -> KeptReplies {
        preconditionFailure("Each command merges in a way of its own.")
    }

    /// Takes the replies to a slice, which are all there.
    func add(_ slice: KeptReplies) { preconditionFailure("Each command merges in a way of its own.") }
}

/// MGET: values are written as soon as a slice is there. Only if no key has one is an error the whole reply, as it is
/// where all servers are asked at once.
final class SlicedValues: SlicedReplies {
    private let keys: Int
    /// What has come since values were written last; before the first value, all.
    private var slices: [ValuesReplies] = []
    private var hasBegun = false

    init(keys: Int) {
        self.keys = keys
        super.init()
    }

    override func replies(to parts: RedisParts) -> KeptReplies { ValuesReplies(parts) }

    override func add(_ slice: KeptReplies) {
        if let slice = slice as? ValuesReplies { slices.append(slice) }
    }

    override func writeBeginning(into output: inout ByteBuffer) -> Int {
        guard hasBegun || slices.contains(where: \.hasValues) else { return 0 }
        if !hasBegun { output.writeRESP("*", keys) }
        hasBegun = true
        for slice in slices { slice.writeElements(into: &output) }
        slices = []
        return forgetBytes()
    }

    override func write(into output: inout ByteBuffer) {
        _ = writeBeginning(into: &output)
        if !hasBegun, let error = slices.first?.error { output.writeImmutableBuffer(error) }
    }
}

/// DEL, MSET and the like: the slices' replies become one as the servers' do.
final class SlicedTotal: SlicedReplies {
    private let total: RedisTotal
    private var sum: ByteBuffer?

    init(_ total: RedisTotal) {
        self.total = total
        super.init()
    }

    override func replies(to parts: RedisParts) -> KeptReplies { total.replies(parts: parts.parts.count) }

    override func add(_ slice: KeptReplies) {
        var reply = ByteBuffer()
        slice.write(into: &reply)
        guard let sum else { return self.sum = reply }
        let both = total.replies(parts: 2)
        for (part, reply) in [sum, reply].enumerated() {
            let isError = reply.readableBytesUInt8Span.begins(with: Self.errorMark)
            _ = both.take(UInt16(part), reply, isError ? .refusal : .value)
        }
        var merged = ByteBuffer()
        both.write(into: &merged)
        self.sum = merged
    }

    override func write(into output: inout ByteBuffer) {
        if let sum { output.writeImmutableBuffer(sum) }
    }

    private static let errorMark = Array("-".utf8)
}
