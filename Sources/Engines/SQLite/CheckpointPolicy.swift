// SPDX-License-Identifier: Apache-2.0

import SQLiteClient

/// Decides when pages go from the write-ahead log into the file. It does no I/O.
struct CheckpointPolicy {
    /// 8 MiB: recovery after a crash reads that much. The next commit waits while it is copied: 3 ms if the same pages
    /// change again and again, 20 ms if each write changed another page of a large file. Half of it cost a tenth of the
    /// rate, twice as much doubled the longest wait.
    static let logPagesTarget = 2048
    /// 32 MiB: readers that hold pages back for so long are waited for longer.
    static let logPagesMax = 4 * logPagesTarget
    /// After a checkpoint that a reader cut short, the next one comes when the log has grown by so much.
    static let retryPages = 256

    private var next = logPagesTarget

    /// What to do after a commit that left `logPages` in the log.
    func mode(logPages: Int) -> Database.CheckpointMode? {
        if logPages < next { return nil }
        return logPages >= Self.logPagesMax ? .restart : .full
    }

    /// Tells how far a checkpoint came; `log` and `copied` are counts of pages.
    mutating func checkpointed(log: Int, copied: Int) {
        next = copied >= log ? Self.logPagesTarget : max(log, Self.logPagesTarget) + Self.retryPages
    }

    /// Tells that a checkpoint failed in a log of `log` pages.
    mutating func failed(log: Int) { next = log + Self.retryPages }
}
