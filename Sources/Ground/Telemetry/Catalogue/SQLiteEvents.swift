// SPDX-License-Identifier: Apache-2.0

import Logging

// What the embedded database and `state.sqlite` can say.
extension LogEvent {
    package static func databaseOpened(_ path: String) -> LogEvent {
        LogEvent("database.opened", .debug, "Opened the database.", ["file": .string(path)])
    }

    /// `reason` names the file.
    package static func databaseCorrupt(_ reason: String) -> LogEvent {
        LogEvent(
            "database.corrupted", .critical, "The database is damaged and is not served any more.",
            ["reason": .string(reason)])
    }

    /// Said once when writes begin to fail, not for each.
    package static func databaseWritesFailed(_ reason: String) -> LogEvent {
        LogEvent("database.writes.failed", .error, "Writes to the database fail.", ["reason": .string(reason)])
    }

    package static func databaseWritesRecovered(_ path: String) -> LogEvent {
        LogEvent(
            "database.writes.recovered", .notice, "Writes to the database succeed again.", ["file": .string(path)])
    }

    package static func databaseCheckpointFailed(_ reason: String) -> LogEvent {
        LogEvent(
            "database.checkpoint.failed", .warning, "Moving the write-ahead log into the database failed.",
            ["reason": .string(reason)])
    }

    /// The cost is latency: events of other processes are noticed once a second.
    package static func eventInterestNotPublished(_ reason: String) -> LogEvent {
        LogEvent(
            "eventlog.interest.unpublished", .warning,
            "Other processes can't be told which streams are watched here; their events come up to a second late.",
            ["reason": .string(reason)])
    }
}
