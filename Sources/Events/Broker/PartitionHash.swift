// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks

/// How keys are spread over the partitions. Checkpoints are saved by partition, so this is part of the stored format.
enum PartitionHash {
    /// The partition of a key; a topic's messages without a key belong to the partition of the topic's name.
    ///
    /// FNV-1a with 64 bits over the UTF-8 of the key, folded once, because its low bits alone depend too little on the
    /// last bytes.
    static func partition(of key: String) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.utf8 {
            hash ^= UInt64(byte)
            // Safe: the hash is defined modulo 2^64.
            hash = hash &* 0x0000_0100_0000_01b3
        }
        hash ^= hash >> 32
        return Int(hash % UInt64(EventPartition.count))
    }
}
