// SPDX-License-Identifier: Apache-2.0

/// How a key becomes the number that a ring looks up.
///
/// The names are those of twemproxy, with its values bit for bit, so that its files place keys where they were. They
/// are 32 bits wide. Where it takes bytes as C's `char`, those from 0x80 are negative, as on x86, whatever CPU this
/// runs on. `xxh3` is the default of Outrigger: XXH3 with 64 bits and seed 0.
package enum KeyHash: String, Sendable, CaseIterable {
    case xxh3
    case oneAtATime = "one_at_a_time"
    case md5
    case crc16
    case crc32
    case crc32a
    // These are their names everywhere; without the line they would read as other numbers.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case fnv1_64, fnv1a_64, fnv1_32, fnv1a_32
    case hsieh
    case murmur
    case jenkins

    /// The key's hash. It neither allocates nor knows tags.
    @inlinable
    package func hash(_ key: Span<UInt8>) -> UInt64 {
        if case .xxh3 = self { return XXH3.hash(key) }
        return UInt64(twemproxyHash(key))
    }

    @usableFromInline
    func twemproxyHash(_ key: Span<UInt8>) -> UInt32 {
        switch self {
        case .xxh3: UInt32(truncatingIfNeeded: XXH3.hash(key))
        case .oneAtATime: OneAtATime.hash(key)
        case .md5: MD5.digest(of: key)[0]
        case .crc16: CRC.hash16(key)
        case .crc32: CRC.hash32(key)
        case .crc32a: CRC.hash32a(key)
        case .fnv1_64: FNV.hash1Of64(key)
        case .fnv1a_64: FNV.hash1aOf64(key)
        case .fnv1_32: FNV.hash1Of32(key)
        case .fnv1a_32: FNV.hash1aOf32(key)
        case .hsieh: Hsieh.hash(key)
        case .murmur: Murmur.hash(key)
        case .jenkins: Jenkins.hash(key)
        }
    }
}
