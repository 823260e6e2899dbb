// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks

/// Which partitions a member of a group gives up or tries to take. All members aim at the same share, so that together
/// they have room for all partitions.
struct PartitionShare: Equatable {
    /// Partitions to be given up.
    var surplus: [Int] = []
    /// Partitions to try, in this order, until `wanted` of them are taken.
    var candidates: [Int] = []
    var wanted = 0

    /// `first` is where a member begins to look, another one for each, so that members that start together don't try
    /// the same partitions at the same time.
    init(owned: Set<Int>, memberCount: Int, first: Int) {
        let members = max(memberCount, 1)
        let share = (EventPartition.count + members - 1) / members
        if owned.count > share {
            surplus = Array(owned.sorted().suffix(owned.count - share))
        } else if owned.count < share {
            wanted = share - owned.count
            candidates = (0..<EventPartition.count).map { (first + $0) % EventPartition.count }
                .filter { !owned.contains($0) }
        }
    }
}
