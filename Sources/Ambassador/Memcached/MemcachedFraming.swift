// SPDX-License-Identifier: Apache-2.0

internal import WireMemcached

/// Where memcached's replies end, and which of them clients asked not to hear.
struct MemcachedFraming {
    private var scanner = MemcachedReplyScanner(limits: MemcachedFraming.limits)

    /// A server may be set to hold larger items than a client may send: a reply has memcached's own limit.
    static let limits = {
        var limits = MemcachedLimits()
        limits.valueBytesMax = 1 << 30
        limits.replyBytesMax = 1 << 31
        return limits
    }()

    @inline(__always)
    mutating func scan(_ bytes: borrowing Span<UInt8>, expecting shape: ReplyShape) -> ReplyScan {
        switch scanner.scan(bytes, expecting: shape.memcached) {
        case .complete(let reply):
            .complete(
                length: reply.length,
                kind: shape.silence.hides(reply.status) ? .hidden : reply.status.isError ? .refusal : .value)
        case .incomplete(let missing): .incomplete(missing: missing)
        case .malformed(let error): .malformed(error.description)
        }
    }
}

extension ReplyShape {
    init(_ shape: MemcachedReplyShape, _ silence: MemcachedSilence = .nothing) {
        self.init(rawValue: silence.rawValue << 4 | shape.rawValue, isSilent: silence == .everything)
    }

    // Safe: the bits are those of the initializer above.
    fileprivate var memcached: MemcachedReplyShape { MemcachedReplyShape(rawValue: rawValue & 0xF)! }
    fileprivate var silence: MemcachedSilence { MemcachedSilence(rawValue: rawValue >> 4)! }
}
