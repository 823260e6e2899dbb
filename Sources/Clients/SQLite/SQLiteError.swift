// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// What SQLite answered when it didn't do what it was asked. Its text holds no value that a statement was given.
package struct SQLiteError: Error, Sendable, CustomStringConvertible {
    /// The primary result codes that a caller treats differently.
    package enum Code: Sendable {
        case full, readOnly, corrupt, notADatabase, busy, locked, cannotOpen, inputOutput, tooBig, noMemory, constraint
        /// The file was written by a newer major version of its schema, or by another program.
        case wrongSchema
        case other
    }

    package var code: Code
    package var extendedCode: Int32
    /// The operating system's error number, where it was one that stopped SQLite.
    package var systemError: Int32
    package var message: String
    package var file: String

    package init(_ code: Code, extendedCode: Int32 = 0, systemError: Int32 = 0, message: String, file: String) {
        self.code = code
        self.extendedCode = extendedCode
        self.systemError = systemError
        self.message = message
        self.file = file
    }

    package var description: String { "\(file): \(message) (SQLite code \(extendedCode))" }

    /// Reads the error of the last call on `connection`.
    init(result: Int32, connection: OpaquePointer?, file: String) {
        let extended = connection.map { sqlite3_extended_errcode($0) } ?? result
        let text = connection.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(result)
        self.init(
            Code(primary: result & 0xFF), extendedCode: extended & 0xFF == result & 0xFF ? extended : result,
            systemError: connection.map { sqlite3_system_errno($0) } ?? 0,
            message: text.map { String(cString: $0) } ?? "unknown error", file: file)
    }
}

extension SQLiteError.Code {
    init(primary: Int32) {
        self =
            switch primary {
            case SQLITE_FULL: .full
            case SQLITE_READONLY: .readOnly
            case SQLITE_CORRUPT: .corrupt
            case SQLITE_NOTADB: .notADatabase
            case SQLITE_BUSY: .busy
            case SQLITE_LOCKED: .locked
            case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: .cannotOpen
            case SQLITE_IOERR: .inputOutput
            case SQLITE_TOOBIG: .tooBig
            case SQLITE_NOMEM: .noMemory
            case SQLITE_CONSTRAINT: .constraint
            default: .other
            }
    }
}
