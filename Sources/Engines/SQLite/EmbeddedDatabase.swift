// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import Glibc
package import Logging
import SQLiteClient
import Telemetry

/// The embedded default: one SQLite file in a data directory, shared by all sidecars of the machine.
///
/// An acknowledged write has been flushed to the disk. Several processes may have the same directory open; their
/// commits take turns on one lock. In CAP terms there is nothing to partition: it is one file on one machine.
package final class EmbeddedDatabase: Sendable {
    /// The folder and the file, as an absolute or relative path in the form that the user gave.
    package let path: String
    package let databasePath: String
    private let directory: DataDirectory
    private let store: SQLiteStore
    private let watches: AppendWatches
    /// Where the sidecars that share this directory find each other.
    package let nameRegistry: any NameRegistry

    /// "Outr" in ASCII.
    static let schema = Schema(
        applicationID: 0x4F75_7472,
        migrations: [
            Schema.Migration(Schema.Version(1, 0), EmbeddedStateTable.creation + EmbeddedNameRegistry.creation),
            Schema.Migration(Schema.Version(1, 1), EmbeddedNameRegistry.addressesAddition),
            // Older programs don't know these tables and work on beside them.
            Schema.Migration(Schema.Version(1, 2), EventTables.creation),
            Schema.Migration(Schema.Version(1, 3), EmbeddedNameRegistry.adminAddition),
        ])

    private init(directory: DataDirectory, store: SQLiteStore, watches: AppendWatches) {
        path = directory.path
        databasePath = directory.databasePath
        self.directory = directory
        self.store = store
        self.watches = watches
        watches.attach(store)
        nameRegistry = EmbeddedNameRegistry(store, folder: directory.sidecarsPath)
    }

    /// Whether a folder has a database already, for who only wants to look.
    package static func exists(in path: String) -> Bool { access(path + DataDirectory.databaseName, F_OK) == 0 }

    /// Makes the folder of a database if it is missing, for what else is kept in it, and refuses one that can't be used
    /// safely.
    package static func makeFolder(at path: String) throws(StateError) -> String { try DataDirectory(path: path).path }

    /// Opens the database in the folder `path`, and makes both if they are missing.
    ///
    /// It refuses network file systems, damaged files (`corrupt`), read-only ones (`readOnly`) and files of a newer
    /// major version (`failed`, untouched); each error names the file.
    package static func open(path: String, logger: Logger) async throws(StateError) -> EmbeddedDatabase {
        try await open(path: path, pragmas: [], logger: logger) { _ in }
    }

    /// Like `open(path:logger:)`; tests set limits of SQLite by `pragmas`, and ours by `change`.
    static func open(
        path: String, pragmas: [String], logger: Logger, change: (inout StoreFile) -> Void = { _ in }
    ) async throws(StateError) -> EmbeddedDatabase {
        let directory = try DataDirectory(path: path)
        var file = StoreFile(
            path: directory.databasePath, lock: try WriteLock(path: directory.writeLockPath), pragmas: pragmas,
            check: { (database) throws(SQLiteError) in try schema.check(database) },
            migrate: { (database) throws(SQLiteError) in try schema.migrate(database) },
            makeTable: { (database) throws(SQLiteError) in try EmbeddedStateTable(database) },
            makeEventTables: { (database) throws(SQLiteError) in try EventTables(database) })
        let watches = AppendWatches(folder: directory.sidecarsPath, logger: logger)
        file.appended = watches.appended
        change(&file)
        let store = try await SQLiteStore.open(file, logger: logger)
        logger.emit(.databaseOpened(directory.databasePath))
        return EmbeddedDatabase(directory: directory, store: store, watches: watches)
    }

    /// The state of one namespace. Stores of one database share its lanes and may be made as often as needed.
    package func stateStore(namespace: String) -> any StateStore {
        SQLiteStateStore(store, namespace: namespace, durability: .synced)
    }

    /// The event log of one namespace. Logs of one database share its lanes with the state, and may be made as often as
    /// needed.
    package func log(namespace: String) -> any EventLog {
        SQLiteEventLog(
            store, watches: watches, groups: GroupFolder(path: directory.groupsPath), namespace: namespace)
    }

    /// Ends the watches of logs, finishes the writes that are queued and closes the file.
    package func close() async {
        await watches.close()
        await store.close()
    }
}
