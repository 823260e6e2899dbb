// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks

extension DeliveryQueue {
    /// Messages after which the checkpoints of all partitions are saved, also of those that nothing has become of: a
    /// restart reads on at the lowest of them.
    static let sweepInterval = 1024

    /// Whether something is to be saved.
    var hasUnsaved: Bool {
        readSinceSweep >= Self.sweepInterval || partitions.contains { $0?.isDirty == true }
    }

    /// The checkpoints to be saved now; they count as saved from here on. `all` takes those too that have only moved.
    mutating func takeUnsaved(all: Bool = false) -> [Checkpoint] {
        let isSweep = all || readSinceSweep >= Self.sweepInterval
        if isSweep { readSinceSweep = 0 }
        var rows: [Checkpoint] = []
        for index in partitions.indices {
            guard let partition = partitions[index] else { continue }
            let row = checkpoint(index, partition)
            guard partition.isDirty || (isSweep && row.position > partition.saved) else { continue }
            partitions[index]?.isDirty = false
            partitions[index]?.saved = row.position
            rows.append(row)
        }
        return rows
    }

    /// The save has failed.
    mutating func markUnsaved(_ rows: [Checkpoint]) {
        for row in rows { partitions[row.partition]?.isDirty = true }
    }

    /// The position is the highest that anything has become of, so that nothing that is done comes again; what isn't
    /// done up to there is owed, also what is with the app now.
    private func checkpoint(_ index: Int, _ partition: Partition) -> Checkpoint {
        guard let oldest = partition.pending.first else {
            return Checkpoint(stream: stream, partition: index, position: partition.ingested)
        }
        let position = max(partition.settledThrough, oldest - 1)
        let owed = partition.pending.positions.prefix { $0 <= position }.map { position in
            OwedEvent(position: position, attempts: entries[position]?.attempts ?? 0)
        }
        return Checkpoint(stream: stream, partition: index, position: position, owed: owed)
    }
}
