// SPDX-License-Identifier: Apache-2.0

/// What a command or a reply may bring before it is refused.
@usableFromInline
package struct MemcachedLimits: Sendable, Equatable {
    /// memcached's own limit, which no setting changes.
    package static let keyBytesMax = 250
    /// The name, key, length and flags of a meta command: memcached up to 1.6.18 takes one more for a command that is
    /// too long, and what follows an `ms` of that kind, its value, for commands.
    static let metaTokenCountMax = 19

    /// A command's line, as in memcached.
    @usableFromInline package var lineBytesMax = 2048
    /// The line of `get` or `gets`, whose length memcached doesn't bound.
    @usableFromInline package var retrievalLineBytesMax = 1 << 20
    @usableFromInline package var keyCountMax = 65_536
    /// A value, in a command or in a reply.
    @usableFromInline package var valueBytesMax = 64 << 20
    @usableFromInline package var replyLineBytesMax = 16 << 10
    /// A whole reply, with all of its values.
    @usableFromInline package var replyBytesMax = 512 << 20

    package init() {}
}
