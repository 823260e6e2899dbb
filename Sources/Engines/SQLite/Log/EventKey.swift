// SPDX-License-Identifier: Apache-2.0

/// The key of an event's row: the number of its log above its position.
///
/// One integer, so that the table's own tree is in the order of the positions: an append goes to the last page of its
/// log, and SQLite fills pages that grow at their end without splitting them.
enum EventKey {
    /// At a million events a second enough for two years, and it leaves 131,071 logs.
    static let positionBits: Int64 = 46
    static let positionMax: Int64 = 1 << positionBits - 1
    static let logMax: Int64 = 1 << (63 - positionBits) - 1

    /// A position that no event can have becomes the nearest one that an event could.
    static func make(log: Int64, position: Int64) -> Int64 {
        log << positionBits | min(max(position, 0), positionMax)
    }

    static func position(of key: Int64) -> Int64 { key & positionMax }
}
