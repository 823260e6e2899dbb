// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import SQLiteClient

@Suite struct DatabaseTests {
    @Test func `values of every type come back, empty ones too`() throws {
        let database = try Database(path: ":memory:")
        try database.execute("CREATE TABLE t (i, n, s, e, b, z)")
        let insert = try database.prepare("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        try insert.bind(1, Int64.min)
        try insert.bindNull(2)
        try insert.bind(3, "ü\u{0}\u{1F6F6}")
        try insert.bind(4, "")
        try [UInt8](arrayLiteral: 0, 1, 255).withUnsafeBytes { bytes in
            try insert.bindBorrowed(5, blob: bytes)
            try insert.bindBorrowed(6, blob: UnsafeRawBufferPointer(start: nil, count: 0))
            try insert.run()
        }
        #expect(database.changes == 1)
        let select = try database.prepare("SELECT *, typeof(e), typeof(z) FROM t")
        #expect(try select.step())
        #expect(select.integer(0) == .min)
        #expect(select.isNull(1))
        #expect(select.optionalInteger(1) == nil)
        #expect(select.text(2) == "ü\u{0}\u{1F6F6}")
        #expect(select.text(3).isEmpty)
        #expect(select.withBytes(4) { Array($0) } == [0, 1, 255])
        #expect(select.withBytes(5) { $0.count } == 0)
        #expect(select.text(6) == "text")
        #expect(select.text(7) == "blob")
        #expect(try !select.step())
    }

    @Test func `an error names the file and what SQLite says`() throws {
        let database = try Database(path: ":memory:")
        let error = #expect(throws: SQLiteError.self) { try database.execute("SELECT * FROM missing") }
        #expect(error?.code == .other)
        #expect(error?.description == ":memory:: no such table: missing (SQLite code 1)")
    }

    @Test func `a broken constraint has its code and leaves the statement usable`() throws {
        let database = try Database(path: ":memory:")
        try database.execute("CREATE TABLE t (x PRIMARY KEY)")
        let insert = try database.prepare("INSERT INTO t VALUES (?1)")
        try insert.bind(1, Int64(1))
        try insert.run()
        let error = #expect(throws: SQLiteError.self) { try insert.run() }
        #expect(error?.code == .constraint)
        try insert.bind(1, Int64(2))
        try insert.run()
        #expect(try database.integer("SELECT count(*) FROM t") == 2)
    }

    @Test func `a file in a missing folder can't be opened`() {
        let error = #expect(throws: SQLiteError.self) { try Database(path: "/nonexistent/x.db") }
        #expect(error?.code == .cannotOpen)
        #expect(error?.file == "/nonexistent/x.db")
    }

    @Test func `a connection knows that it can't write`() throws {
        let path = "/tmp/outrigger-client-\(UInt64.random(in: 0 ... .max)).db"
        defer { unlink(path) }
        let writer = try Database(path: path)
        try writer.execute("CREATE TABLE t (x)")
        #expect(!writer.isReadOnly)
        let reader = try Database(path: path, access: .readOnly)
        #expect(reader.isReadOnly)
        let error = #expect(throws: SQLiteError.self) { try reader.execute("INSERT INTO t VALUES (1)") }
        #expect(error?.code == .readOnly)
    }

    @Test func `a rollback ends a transaction and is harmless without one`() throws {
        let database = try Database(path: ":memory:")
        try database.execute("CREATE TABLE t (x); BEGIN; INSERT INTO t VALUES (1)")
        #expect(database.isInTransaction)
        database.rollback()
        database.rollback()
        #expect(try database.integer("SELECT count(*) FROM t") == 0)
    }

    @Test func `network file systems are known by their numbers and local ones are not`() {
        #expect(FileSystem.unsuitableName(magic: 0x6969) == "NFS")
        #expect(FileSystem.unsuitableName(magic: 0xFF53_4D42) == "CIFS")
        #expect(FileSystem.unsuitableName(magic: 0xFE53_4D42) == "SMB")
        #expect(FileSystem.unsuitableName(magic: 0x0102_1997) == "9P")
        #expect(FileSystem.unsuitableName(magic: 0x6573_5546) == "FUSE")
        for local: UInt32 in [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630, 0x2FC1_2FC1] {
            #expect(FileSystem.unsuitableName(magic: local) == nil)
        }
        #expect(FileSystem.magic(of: "/") != nil)
        #expect(FileSystem.magic(of: "/nonexistent") == nil)
    }
}
