// SPDX-License-Identifier: Apache-2.0

import Proxying

/// Which keys are asked for most, from a sample of the commands: "space saving" of Metwally, Agrawal and El Abbadi
/// (Efficient Computation of Frequent and Top-k Elements in Data Streams, 2005).
///
/// A key that has more than one in `keysMax` of the sampled commands is certain to be in it. Counts are halved now
/// and then, so that what was hot yesterday goes.
struct HotKeys: Sendable {
    /// One of so many commands is looked at; a prime, so that a client's rhythm doesn't hide its keys.
    static let sampledOf = 61
    static let keysMax = 64
    /// Of longer keys the beginning is kept.
    static let keyBytesMax = 128
    /// Sampled commands after which counts are halved.
    static let samplesPerHalving = 65_536

    struct Key: Sendable {
        let hash: UInt64
        let bytes: [UInt8]
        var count: UInt64
        /// So much of `count` may be another key's.
        let surplus: UInt64
    }

    private(set) var keys: [Key] = []
    private(set) var samples: UInt64 = 0
    private var untilNext = sampledOf
    private var untilHalving = samplesPerHalving

    /// Sees a command's key.
    @inline(__always)
    mutating func see(_ key: Span<UInt8>) {
        untilNext -= 1
        if untilNext == 0 { take(key) }
    }

    private mutating func take(_ key: Span<UInt8>) {
        untilNext = Self.sampledOf
        samples += 1
        let hash = KeyHash.xxh3.hash(key)
        if let index = keys.firstIndex(where: { $0.hash == hash }) {
            keys[index].count += 1
        } else {
            insert(key, hash)
        }
        untilHalving -= 1
        if untilHalving == 0 { halve() }
    }

    private mutating func insert(_ key: Span<UInt8>, _ hash: UInt64) {
        let bytes = (0..<min(key.count, Self.keyBytesMax)).map { key[$0] }
        guard keys.count == Self.keysMax, let least = keys.indices.min(by: { keys[$0].count < keys[$1].count }) else {
            keys.append(Key(hash: hash, bytes: bytes, count: 1, surplus: 0))
            return
        }
        let count = keys[least].count
        keys[least] = Key(hash: hash, bytes: bytes, count: count + 1, surplus: count)
    }

    private mutating func halve() {
        untilHalving = Self.samplesPerHalving
        samples /= 2
        keys = keys.compactMap { key in
            key.count < 2 ? nil : Key(hash: key.hash, bytes: key.bytes, count: key.count / 2, surplus: key.surplus / 2)
        }
    }
}
