// SPDX-License-Identifier: Apache-2.0

/// What has become of the bytes that begin with a reply.
@usableFromInline
package enum MemcachedReplyScan: Sendable, Equatable {
    case complete(MemcachedReply)
    /// At least so many bytes are missing.
    case incomplete(missing: Int)
    /// Nothing that follows can be understood.
    case malformed(MemcachedSyntaxError)
}

/// Finds the end of a reply, as its bytes come: none is searched twice for a line's end, and values are skipped.
///
/// It is strict: a server's reply that doesn't suit the command means that commands and replies no longer match, and
/// whatever followed would go to the wrong clients.
@usableFromInline
package struct MemcachedReplyScanner: Sendable {
    @usableFromInline let limits: MemcachedLimits
    /// Where the line begins that is to be read next.
    @usableFromInline var line = 0
    /// Up to here, no line feed was found behind `line`.
    @usableFromInline var searched = 0
    /// How the line before the value began, if `line` is where a value ends.
    @usableFromInline var valueStatus: MemcachedStatus?
    /// Where the line of that value begins.
    @usableFromInline var valueLine = 0

    package init(limits: MemcachedLimits = MemcachedLimits()) { self.limits = limits }

    /// Takes one look at `bytes`, which begin at the reply's first byte each time. After a complete reply the scanner
    /// is at the next one's beginning.
    @inlinable
    package mutating func scan(
        _ bytes: borrowing Span<UInt8>, expecting shape: MemcachedReplyShape
    ) -> MemcachedReplyScan {
        while true {
            if let status = valueStatus {
                guard line <= bytes.count else { return .incomplete(missing: line - bytes.count) }
                guard bytes[line - 2] == 0x0D, bytes[line - 1] == 0x0A else { return .malformed(.unexpectedReply) }
                valueStatus = nil
                searched = line
                if status == .metaValue { return complete(status, lastLine: valueLine, end: line) }
            }
            guard let lineFeed = bytes.firstLineFeed(from: searched) else {
                searched = bytes.count
                return searched - line > limits.replyLineBytesMax
                    ? .malformed(.replyTooLong(limit: limits.replyLineBytesMax)) : .incomplete(missing: 1)
            }
            guard lineFeed - line <= limits.replyLineBytesMax else {
                return .malformed(.replyTooLong(limit: limits.replyLineBytesMax))
            }
            guard let status = status(bytes, lineFeed), shape.allows(status) else {
                return .malformed(.unexpectedReply)
            }
            searched = lineFeed + 1
            if status == .value || status == .metaValue {
                if let error = readValueLine(bytes, status, lineFeed) { return .malformed(error) }
            } else if status.hasSuccessor {
                line = searched
            } else {
                return complete(status, lastLine: line, end: searched)
            }
            guard line <= limits.replyBytesMax else { return .malformed(.replyTooLong(limit: limits.replyBytesMax)) }
        }
    }

    @inlinable
    mutating func complete(_ status: MemcachedStatus, lastLine: Int, end: Int) -> MemcachedReplyScan {
        line = 0
        searched = 0
        return .complete(MemcachedReply(length: end, lastLine: lastLine, status: status))
    }

    /// How the line up to a line feed begins, if that is something that a server says.
    @inlinable
    func status(_ bytes: borrowing Span<UInt8>, _ lineFeed: Int) -> MemcachedStatus? {
        guard lineFeed > line, bytes[lineFeed - 1] == 0x0D else { return nil }
        var tokens = MemcachedTokens(position: line, end: lineFeed - 1)
        let word = tokens.next(in: bytes)
        guard word.offset == line else { return nil }
        if let status = MemcachedStatus(MemcachedName(bytes, word)) { return status }
        return bytes.decimal(word) == nil ? nil : .number
    }

    /// Goes to the end of the value that follows a line.
    @usableFromInline
    mutating func readValueLine(
        _ bytes: borrowing Span<UInt8>, _ status: MemcachedStatus, _ lineFeed: Int
    ) -> MemcachedSyntaxError? {
        let range = line..<lineFeed - 1
        guard let length = status == .value ? MemcachedValueLine(bytes, line: range)?.length : metaLength(bytes, range)
        else { return .unexpectedReply }
        guard length <= limits.valueBytesMax else { return .valueTooLarge(limit: limits.valueBytesMax) }
        valueStatus = status
        valueLine = line
        line = lineFeed + 1 + length + 2
        return nil
    }

    /// The length in `VA LENGTH FLAG…`.
    private func metaLength(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        var tokens = MemcachedTokens(position: range.lowerBound, end: range.upperBound)
        _ = tokens.next(in: bytes)
        return bytes.decimal(tokens.next(in: bytes), digitCountMax: 10).map(Int.init)
    }
}
