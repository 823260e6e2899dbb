// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core

/// How keys are spread over the partitions. Checkpoints are saved by partition, so this is part of the stored format.
enum PartitionHash {
    /// The partition of a key; a topic's messages without a key belong to the partition of the topic's name.
    ///
    /// FNV-1a with 64 bits over the UTF-8 of the key, folded once, because its low bits alone depend too little on the
    /// last bytes.
    static func partition(of key: String) -> Int {
        let hash = StableHash.of(key)
        return Int((hash ^ hash >> 32) % UInt64(EventPartition.count))
    }
}
