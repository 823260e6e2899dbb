// SPDX-License-Identifier: Apache-2.0

import SQLiteClient

/// The rows of a table that have expired; how they are found is the table's business.
struct ExpiredRows {
    private let database: Database
    private let select: Statement
    private let delete: Statement

    /// `select` answers a row if any has expired at ?1; `delete` deletes those that have, ?2 of them at most.
    init(_ database: Database, select: String, delete: String) throws(SQLiteError) {
        self.database = database
        self.select = try database.prepare(select)
        self.delete = try database.prepare(delete)
    }

    func exist(now: Int64) throws(SQLiteError) -> Bool {
        try select.bind(1, now)
        defer { select.reset() }
        return try select.step()
    }

    func remove(limit: Int, now: Int64) throws(SQLiteError) -> Int {
        guard try exist(now: now) else { return 0 }
        try delete.bind(1, now)
        try delete.bind(2, Int64(limit))
        try delete.run()
        return database.changes
    }
}
