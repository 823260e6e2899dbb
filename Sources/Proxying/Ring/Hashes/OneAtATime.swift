// SPDX-License-Identifier: Apache-2.0

// Safe in this file: the hash is defined modulo 2^32.

/// Bob Jenkins' "one at a time".
enum OneAtATime {
    static func hash(_ key: Span<UInt8>) -> UInt32 {
        var hash: UInt32 = 0
        for index in key.indices {
            hash &+= key[index].asSignedChar
            hash &+= hash << 10
            hash ^= hash >> 6
        }
        hash &+= hash << 3
        hash ^= hash >> 11
        hash &+= hash << 15
        return hash
    }
}
