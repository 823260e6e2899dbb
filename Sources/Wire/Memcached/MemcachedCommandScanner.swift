// SPDX-License-Identifier: Apache-2.0

/// What has become of the bytes that begin with a command.
@usableFromInline
package enum MemcachedCommandScan: Sendable, Equatable {
    case complete(MemcachedCommand)
    /// At least so many bytes are missing.
    case incomplete(missing: Int)
    /// The command isn't passed on; the next one begins behind it.
    case refused(MemcachedRefusal)
    /// Nothing that follows can be understood.
    case malformed(MemcachedSyntaxError)
}

/// Finds the end of a command and what a proxy must know of it, as its bytes come: none is searched twice for the
/// line's end, and a value is skipped, not read.
///
/// It lets no command through whose line memcached would refuse without skipping the value behind it, as several
/// versions do: the value would be taken for commands, and their replies for those of other clients.
@usableFromInline
package struct MemcachedCommandScanner: Sendable {
    @usableFromInline package var limits: MemcachedLimits
    /// So many bytes hold no line feed.
    @usableFromInline var searched = 0
    /// The command whose line is read and whose value isn't whole.
    @usableFromInline package internal(set) var partial: MemcachedCommand?

    package init(limits: MemcachedLimits = MemcachedLimits()) { self.limits = limits }

    /// Takes one look at `bytes`, which begin at the command's first byte each time. After a complete or refused
    /// command the scanner is at the next one's beginning.
    @inlinable
    package mutating func scan(_ bytes: borrowing Span<UInt8>) -> MemcachedCommandScan {
        if let partial { return finish(partial, bytes) }
        let lineFeed = bytes.firstLineFeed(from: searched)
        let lineBytes = lineFeed ?? bytes.count
        if lineBytes > limits.lineBytesMax, let limit = exceededLimit(lineBytes, bytes) {
            return .malformed(.lineTooLong(limit: limit))
        }
        guard let lineFeed else {
            searched = bytes.count
            return .incomplete(missing: 1)
        }
        searched = 0
        var reader = MemcachedLineReader(limits, lineFeed: lineFeed, bytes)
        let refusal = reader.read(bytes)
        if let refusal { return .refused(reader.refusal(refusal)) }
        return reader.command.length == reader.command.lineLength
            ? .complete(reader.command) : finish(reader.command, bytes)
    }

    /// Waits for the value, and checks that a line end follows it.
    @usableFromInline
    mutating func finish(_ command: MemcachedCommand, _ bytes: borrowing Span<UInt8>) -> MemcachedCommandScan {
        guard command.length <= bytes.count else {
            partial = command
            return .incomplete(missing: command.length - bytes.count)
        }
        partial = nil
        guard bytes[command.length - 2] == 0x0D, bytes[command.length - 1] == 0x0A else {
            let isSilent = command.silence == .everything
            return .refused(MemcachedRefusal(reason: .badValueEnd, length: command.length, isSilent: isSilent))
        }
        return .complete(command)
    }

    /// The limit that a line of so many bytes is above, if it is.
    @usableFromInline
    func exceededLimit(_ lineBytes: Int, _ bytes: borrowing Span<UInt8>) -> Int? {
        var tokens = MemcachedTokens(position: 0, end: min(bytes.count, limits.lineBytesMax))
        let name = tokens.next(in: bytes)
        let verb = MemcachedVerb(MemcachedName(bytes, name))
        guard name.offset == 0, verb == .get || verb == .gets else { return limits.lineBytesMax }
        return lineBytes > limits.retrievalLineBytesMax ? limits.retrievalLineBytesMax : nil
    }
}
