// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SQLiteClient

@Suite struct SchemaTests {
    private let schema = Schema(
        applicationID: 77,
        migrations: [
            Schema.Migration(Schema.Version(1, 0), "CREATE TABLE a (x)"),
            Schema.Migration(Schema.Version(1, 1), "CREATE TABLE b (x)"),
        ])

    @Test func `a new file is brought to the newest version, once`() throws {
        let database = try Database(path: ":memory:")
        try schema.check(database)
        try schema.migrate(database)
        try schema.migrate(database)
        #expect(try database.integer("PRAGMA user_version") == 0x1_0001)
        #expect(try database.integer("PRAGMA application_id") == 77)
    }

    @Test func `a newer minor version is accepted and kept`() throws {
        let database = try Database(path: ":memory:")
        try schema.migrate(database)
        try database.execute("PRAGMA user_version = \(0x1_0009)")
        try schema.check(database)
        try schema.migrate(database)
        #expect(try database.integer("PRAGMA user_version") == 0x1_0009)
    }

    @Test func `a newer major version is refused, by name`() throws {
        let database = try Database(path: ":memory:")
        try database.execute("PRAGMA application_id = 77; PRAGMA user_version = \(0x2_0000)")
        let error = #expect(throws: SQLiteError.self) { try schema.check(database) }
        #expect(error?.code == .wrongSchema)
        #expect(error?.message.contains("schema 2.0") == true)
    }

    @Test func `a database of another program is refused`() throws {
        let database = try Database(path: ":memory:")
        try database.execute("CREATE TABLE theirs (x)")
        let error = #expect(throws: SQLiteError.self) { try schema.check(database) }
        #expect(error?.code == .wrongSchema)
    }

    @Test func `a migration that fails leaves the file as it was`() throws {
        let database = try Database(path: ":memory:")
        let broken = Schema(
            applicationID: 77, migrations: [Schema.Migration(Schema.Version(1, 0), "CREATE TABLE a (x); nonsense")])
        #expect(throws: SQLiteError.self) { try broken.migrate(database) }
        #expect(!database.isInTransaction)
        #expect(try database.integer("SELECT count(*) FROM sqlite_schema") == 0)
        #expect(try database.integer("PRAGMA user_version") == 0)
    }
}
