// SPDX-License-Identifier: Apache-2.0

/// A command, as places in the bytes that a client sent. Nothing of it is copied.
@usableFromInline
package struct MemcachedCommand: Sendable, Equatable {
    @usableFromInline package var verb: MemcachedVerb
    /// The line with its end.
    @usableFromInline package var lineLength: Int
    /// All of the command: its line, and its value with the line end behind it.
    @usableFromInline package var length: Int
    /// The key, or the first one; empty if there is none.
    @usableFromInline package var key = MemcachedPlace.none
    @usableFromInline package var keyCount = 0
    /// Whether the key is base64 (the meta flag `b`): the key that it stands for is what says where the item lives.
    @usableFromInline package var isKeyEncoded = false
    /// The value without its line end.
    @usableFromInline package var value = MemcachedPlace.none
    /// What the client asked not to hear.
    @usableFromInline package var silence = MemcachedSilence.nothing
    /// The words of the line that ask for silence, with the spaces before them, to be left out on the way to a server.
    @usableFromInline package var silencer = MemcachedPlace.none

    @inlinable
    init(verb: MemcachedVerb, lineLength: Int) {
        self.verb = verb
        self.lineLength = lineLength
        length = lineLength
    }
}

/// Which replies a client asked not to hear.
///
/// On a connection that many clients share, each command must have its reply: whoever reads replies would otherwise
/// have to guess whether the next one belongs to a command that wanted none but failed (`noreply` doesn't silence every
/// error of every memcached) or to the command after it, perhaps another client's. So `noreply` and the meta flag `q`
/// are left out on the way to the server (`MemcachedCommand.silencer`), and what they would have silenced is dropped.
@usableFromInline
package enum MemcachedSilence: UInt8, Sendable {
    case nothing
    /// `noreply`.
    case everything
    /// `q` of `mg`.
    case misses
    /// `q` of `ms`, `md` and `ma`.
    case successes

    /// Whether a reply of this status is one that the client doesn't want.
    @inlinable
    package func hides(_ status: MemcachedStatus) -> Bool {
        switch self {
        case .nothing: false
        case .everything: true
        case .misses: status == .metaMiss
        case .successes: status == .metaDone || status == .metaValue
        }
    }
}

/// Walks over all keys of a complete `get`, `gets`, `gat` or `gats`, whose line the scanner has found valid.
@usableFromInline
package struct MemcachedKeys: Sendable {
    @usableFromInline var tokens: MemcachedTokens
    @usableFromInline var remaining: Int

    @inlinable
    package init(_ command: MemcachedCommand) {
        tokens = MemcachedTokens(position: command.key.offset, end: command.lineLength)
        remaining = command.keyCount
    }

    /// The next key's place in the command's bytes.
    @inlinable
    package mutating func next(in bytes: borrowing Span<UInt8>) -> MemcachedPlace? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        return tokens.next(in: bytes)
    }
}

/// Walks over the words of a line.
@usableFromInline
struct MemcachedTokens: Sendable {
    @usableFromInline var position: Int
    /// Where the line's end begins.
    @usableFromInline let end: Int

    @inlinable
    init(position: Int, end: Int) {
        self.position = position
        self.end = end
    }

    /// The next word; an empty one if there is none before the line's end, or before a control character, at which
    /// the walk doesn't go on.
    @inlinable
    mutating func next(in bytes: borrowing Span<UInt8>) -> MemcachedPlace {
        while position < end, bytes[position] == 0x20 { position += 1 }
        let start = position
        if start < end { position = min(bytes.firstSeparator(from: start), end) }
        return MemcachedPlace(offset: start, length: position - start)
    }
}
