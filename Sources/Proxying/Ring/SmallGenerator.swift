// SPDX-License-Identifier: Apache-2.0

/// Random numbers for choices that nobody needs to be surprised by (SplitMix64), without a system call or a lock.
package struct SmallGenerator: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    package init(seed: UInt64 = .random(in: 0 ... .max)) { state = seed }

    @inlinable
    package mutating func next() -> UInt64 {
        // Safe: it is defined modulo 2^64.
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.scattered(state)
    }

    /// A number from 0 up to but not including `limit`, each about as likely as any other.
    @inlinable
    package mutating func next(below limit: UInt32) -> UInt32 {
        UInt32(truncatingIfNeeded: ((next() >> 32) * UInt64(limit)) >> 32)
    }

    /// Spreads any difference of two numbers over all bits.
    @inlinable
    static func scattered(_ word: UInt64) -> UInt64 {
        // Safe: it is defined modulo 2^64.
        var mixed = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
