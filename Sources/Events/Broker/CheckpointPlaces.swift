// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks

/// How far a group is in a topic, read from its saved checkpoints.
///
/// Beside the partitions' own rows there are two more. `start` holds where the group began: partitions without a row
/// are there. `absence` holds since when no instance of the group was seen, in milliseconds since 1970, or 0.
struct CheckpointPlaces {
    static let start = EventPartition.count
    static let absence = EventPartition.count + 1

    private let stream: String
    private var rows: [Int: Checkpoint] = [:]

    init(_ checkpoints: [Checkpoint], stream: String) {
        self.stream = stream
        for row in checkpoints where row.stream == stream { rows[row.partition] = row }
    }

    /// The group was never seen, or was forgotten.
    var isNew: Bool { rows.isEmpty }

    var absentSinceMilliseconds: Int64? {
        guard let row = rows[Self.absence], row.position > 0 else { return nil }
        return row.position
    }

    func checkpoint(_ partition: Int) -> Checkpoint {
        rows[partition]
            ?? Checkpoint(stream: stream, partition: partition, position: rows[Self.start]?.position ?? 0)
    }

    /// Everything up to here is done in all partitions and isn't needed for the group.
    var floor: Int64 {
        (0..<EventPartition.count).map { number in
            let row = checkpoint(number)
            return min(row.position, (row.owed.map(\.position).min() ?? .max) - 1)
        }.min() ?? 0
    }
}
