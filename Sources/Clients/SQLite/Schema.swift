// SPDX-License-Identifier: Apache-2.0

/// What a database file must look like, and how an older one becomes it.
///
/// SQLite keeps two numbers in the file's header for programs. `application_id` says whose file it is. `user_version`
/// holds the schema's version as `major << 16 | minor`: a minor version only adds what older programs can ignore, so
/// they work on with a newer minor; a newer major is refused before anything was written.
package struct Schema: Sendable {
    package struct Version: Sendable, Comparable, CustomStringConvertible {
        package var major: Int
        package var minor: Int

        package init(_ major: Int, _ minor: Int) {
            self.major = major
            self.minor = minor
        }

        init(number: Int64) { self.init(Int(number >> 16), Int(number & 0xFFFF)) }
        var number: Int { major << 16 | minor }

        package var description: String { "\(major).\(minor)" }

        package static func < (a: Version, b: Version) -> Bool { (a.major, a.minor) < (b.major, b.minor) }
    }

    /// The statements that bring a file from the version before to `version`.
    package struct Migration: Sendable {
        package var version: Version
        package var statements: String

        package init(_ version: Version, _ statements: String) {
            self.version = version
            self.statements = statements
        }
    }

    package var applicationID: Int32
    /// In ascending order; the last one's version is what this program writes.
    package var migrations: [Migration]

    package init(applicationID: Int32, migrations: [Migration]) {
        precondition(!migrations.isEmpty, "A schema has at least the migration that creates it.")
        self.applicationID = applicationID
        self.migrations = migrations
    }

    private var newest: Version { migrations[migrations.count - 1].version }

    /// Refuses a file of another program or of a newer major version. It only reads.
    package func check(_ database: Database) throws(SQLiteError) {
        let applicationID = try database.integer("PRAGMA application_id") ?? 0
        guard applicationID == Int64(self.applicationID) || isBlank(applicationID, database) else {
            throw SQLiteError(
                .wrongSchema, message: "the file is a SQLite database of another program", file: database.path)
        }
        let version = try version(of: database)
        guard version.major <= newest.major else {
            throw SQLiteError(
                .wrongSchema,
                message: "the file was written by a newer version (schema \(version), this program knows \(newest))",
                file: database.path)
        }
    }

    /// Brings the file to the newest version, in one transaction. Call it only after `check`, with writers locked out.
    package func migrate(_ database: Database) throws(SQLiteError) {
        let pending = try pending(database)
        guard !pending.isEmpty else { return }
        do {
            try database.execute("BEGIN IMMEDIATE")
            for migration in try self.pending(database) {
                try database.execute(migration.statements)
                try database.execute("PRAGMA user_version = \(migration.version.number)")
            }
            try database.execute("PRAGMA application_id = \(applicationID)")
            try database.execute("COMMIT")
        } catch {
            database.rollback()
            throw error
        }
    }

    private func pending(_ database: Database) throws(SQLiteError) -> [Migration] {
        let current = try version(of: database)
        return migrations.filter { $0.version > current }
    }

    private func version(of database: Database) throws(SQLiteError) -> Version {
        Version(number: try database.integer("PRAGMA user_version") ?? 0)
    }

    /// Whether nobody has put anything into the file yet.
    private func isBlank(_ applicationID: Int64, _ database: Database) -> Bool {
        guard applicationID == 0, let count = try? database.integer("SELECT count(*) FROM sqlite_schema") else {
            return false
        }
        return count == 0
    }
}
