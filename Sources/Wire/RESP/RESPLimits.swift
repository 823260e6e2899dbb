// SPDX-License-Identifier: Apache-2.0

/// What one side of a connection may send before it is refused.
package struct RESPLimits: Sendable, Equatable {
    /// A command that is typed as a line instead of an array, and a reply that is a line.
    package var lineBytesMax = 64 << 10
    /// The arguments of a command, its name among them. Redis has the same limit.
    package var argumentCountMax = 1 << 20
    /// One argument, or one string in a reply. Redis has the same limit (`proto-max-bulk-len`).
    package var bulkBytesMax = 512 << 20
    /// A whole command, as Redis bounds a client's query buffer. It also lets places in a command be stored in 32 bits.
    package var commandBytesMax = 1 << 30
    /// The elements of one array, map, set or push in a reply.
    package var elementCountMax = 128 << 20
    /// How deep arrays may lie in arrays in a reply.
    package var nestingMax = 32

    package init() {}

    /// The limits for a client that has yet to show its password, which needs little room to do so.
    package static let unauthenticated: RESPLimits = {
        var limits = RESPLimits()
        limits.argumentCountMax = 16
        limits.bulkBytesMax = 16 << 10
        return limits
    }()
}
