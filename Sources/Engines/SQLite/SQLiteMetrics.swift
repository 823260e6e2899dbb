// SPDX-License-Identifier: Apache-2.0

import Metrics

/// The handles of one store's figures, made once when it is opened.
struct SQLiteMetrics: Sendable {
    /// Requests that shared one commit.
    let commitBatchSize = Recorder(label: "outrigger_sqlite_commit_batch_size")
    /// From the first statement of a transaction to the end of its flush.
    let commitSeconds = Metrics.Timer(label: "outrigger_sqlite_commit_seconds")
    let checkpointSeconds = Metrics.Timer(label: "outrigger_sqlite_checkpoint_seconds")
    let logBytes = Gauge(label: "outrigger_sqlite_wal_bytes")
    /// Waits for more writes that ended before enough had come.
    let gatherTimeouts = Counter(label: "outrigger_sqlite_gather_timeouts_total")
    let eventsAppended = Counter(label: "outrigger_eventlog_appended_total")
}
