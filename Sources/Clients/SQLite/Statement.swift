// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// A prepared statement: bind, step, read columns, reset. Bindings survive a reset. Indexes count from 1, columns
/// from 0.
package final class Statement {
    private let handle: OpaquePointer
    /// Kept so that the connection outlives its statements.
    private let database: Database
    /// SQLite binds NULL for a null pointer, so an empty value needs an address.
    private static let emptyBytes: StaticString = ""

    init(_ handle: OpaquePointer, database: Database) {
        self.handle = handle
        self.database = database
    }

    deinit { sqlite3_finalize(handle) }

    // MARK: Binding

    package func bind(_ index: Int32, _ value: Int64) throws(SQLiteError) {
        try database.check(sqlite3_bind_int64(handle, index, value))
    }

    package func bindNull(_ index: Int32) throws(SQLiteError) {
        try database.check(sqlite3_bind_null(handle, index))
    }

    package func bind(_ index: Int32, _ value: Int64?) throws(SQLiteError) {
        if let value { try bind(index, value) } else { try bindNull(index) }
    }

    /// SQLite copies the text.
    package func bind(_ index: Int32, _ text: String) throws(SQLiteError) {
        var text = text
        let result = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                outrigger_sqlite3_bind_text_copied(
                    handle, index, characters.baseAddress ?? Self.emptyAddress, Int32(characters.count))
            }
        }
        try database.check(result)
    }

    package func bind(_ index: Int32, _ text: String?) throws(SQLiteError) {
        if let text { try bind(index, text) } else { try bindNull(index) }
    }

    /// Binds bytes that the caller keeps alive and unchanged until `reset` or the next binding of `index`.
    package func bindBorrowed(_ index: Int32, blob: UnsafeRawBufferPointer) throws(SQLiteError) {
        try database.check(
            outrigger_sqlite3_bind_blob_borrowed(
                handle, index, blob.baseAddress ?? UnsafeRawPointer(Self.emptyAddress), try length(blob)))
    }

    /// Like `bindBorrowed(_:blob:)`, for UTF-8 text.
    package func bindBorrowed(_ index: Int32, text: UnsafeRawBufferPointer) throws(SQLiteError) {
        let characters = text.bindMemory(to: CChar.self)
        try database.check(
            outrigger_sqlite3_bind_text_borrowed(
                handle, index, characters.baseAddress ?? Self.emptyAddress, try length(text)))
    }

    private func length(_ bytes: UnsafeRawBufferPointer) throws(SQLiteError) -> Int32 {
        guard let count = Int32(exactly: bytes.count) else {
            throw SQLiteError(.tooBig, message: "a value is larger than 2 GiB", file: database.path)
        }
        return count
    }

    private static var emptyAddress: UnsafePointer<CChar> {
        // Safe: a static string's bytes live as long as the process, and UInt8 and CChar have one layout.
        UnsafeRawPointer(emptyBytes.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    // MARK: Running

    /// Goes to the next row; false when there is none. After an error the statement has been reset.
    package func step() throws(SQLiteError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let result:
            let error = SQLiteError(result: result, connection: database.handle, file: database.path)
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Runs a statement that returns no row that matters, and resets it.
    package func run() throws(SQLiteError) {
        while try step() {}
        sqlite3_reset(handle)
    }

    /// Ends the statement's read of the database.
    package func reset() { sqlite3_reset(handle) }

    // MARK: Columns

    package func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    package func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    package func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

    package func text(_ column: Int32) -> String {
        withBytes(column) { String(decoding: $0, as: UTF8.self) }
    }

    package func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// Lends the bytes of a blob or a text; they are gone with the next step or reset.
    package func withBytes<Result>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let bytes = sqlite3_column_blob(handle, column)
        return body(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))))
    }
}
