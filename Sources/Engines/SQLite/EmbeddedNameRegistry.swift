// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc
import SQLiteClient
import Synchronization

/// The sidecars of this machine, as rows of the embedded database.
///
/// A sidecar lives while it holds the lock of `sidecars/ID.lock`, which the kernel frees when it dies, so there is no
/// heartbeat to write. Rows of the dead are skipped, and removed when somebody comes across them.
final class EmbeddedNameRegistry: NameRegistry {
    static let creation = """
        CREATE TABLE sidecars (
            id TEXT PRIMARY KEY,
            namespace TEXT NOT NULL,
            app_id TEXT NOT NULL,
            process_id INTEGER NOT NULL,
            api_address TEXT NOT NULL,
            app_port INTEGER
        ) WITHOUT ROWID;
        """

    /// Schema 1.1: sidecars call each other. A program of 1.0 leaves both columns out, and can't be called.
    static let addressesAddition = """
        ALTER TABLE sidecars ADD COLUMN internal_address TEXT;
        ALTER TABLE sidecars ADD COLUMN secret TEXT;
        """

    /// Schema 1.3: commands ask sidecars on their admin listeners. An older program leaves the column out, and is found
    /// by `--admin` only.
    static let adminAddition = "ALTER TABLE sidecars ADD COLUMN admin_address TEXT;"

    private let store: SQLiteStore
    private let folder: String
    /// What this sidecar has registered, with the sign of its life.
    private let own = Mutex<(id: String, life: FileLock)?>(nil)

    init(_ store: SQLiteStore, folder: String) {
        self.store = store
        self.folder = folder
    }

    func register(_ record: SidecarRecord) async throws {
        guard !record.id.isEmpty, record.id.utf8.allSatisfy(Self.isAllowedInID) else {
            throw StateError(.failed, "a sidecar's id is made of letters, digits, -, _ and .")
        }
        try takeLife(record.id)
        try await store.write { (database) throws(SQLiteError) in try Self.insert(record, database) }
        _ = try await living(try await records())
    }

    func unregister() async throws {
        guard let (id, life) = own.withLock({ own in own.map { ($0.id, $0.life) } }) else { return }
        try await store.write { (database) throws(SQLiteError) in try Self.delete([id], database) }
        own.withLock { $0 = nil }
        unlink(life.path)
        life.release()
    }

    func sidecars(inNamespace namespace: String) async throws -> [SidecarRecord] {
        try await living(try await records()).filter { $0.namespace == namespace }
    }

    // MARK: - Life

    private func takeLife(_ id: String) throws(StateError) {
        if own.withLock({ $0?.id }) == id { return }
        let life = try FileLock(path: lockPath(id))
        guard life.tryAcquire() else { throw StateError(.failed, "another sidecar has the id \(id)") }
        own.withLock { $0 = (id, life) }
    }

    /// Splits off the dead, and removes their rows and files.
    private func living(_ records: [SidecarRecord]) async throws(StateError) -> [SidecarRecord] {
        let ownID = own.withLock { $0?.id }
        let dead = records.filter { $0.id != ownID && !isAlive($0.id) }.map(\.id)
        if dead.isEmpty { return records }
        try await store.write { (database) throws(SQLiteError) in try Self.delete(dead, database) }
        for id in dead { unlink(lockPath(id)) }
        return records.filter { !dead.contains($0.id) }
    }

    private func isAlive(_ id: String) -> Bool {
        guard access(lockPath(id), F_OK) == 0 else { return false }
        // A lock that can't be opened says nothing, and a neighbour is not forgotten for that.
        guard let life = try? FileLock(path: lockPath(id)) else { return true }
        return !life.tryAcquire()
    }

    private func lockPath(_ id: String) -> String { "\(folder)/\(id).lock" }

    private static func isAllowedInID(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        // An app's id may have dots; with `.lock` behind it, even two of them name a file.
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }

    // MARK: - Rows

    private func records() async throws(StateError) -> [SidecarRecord] {
        try await store.read { (database) throws(SQLiteError) in
            let select = try database.prepare(
                """
                SELECT id, app_id, namespace, process_id, api_address, app_port, internal_address, secret,
                    admin_address
                FROM sidecars ORDER BY app_id, id
                """)
            var records: [SidecarRecord] = []
            while try select.step() {
                records.append(
                    SidecarRecord(
                        id: select.text(0), appID: select.text(1), namespace: select.text(2),
                        processID: Int32(truncatingIfNeeded: select.integer(3)), apiAddress: select.text(4),
                        appPort: select.optionalInteger(5).map(Int.init), internalAddress: select.optionalText(6),
                        secret: select.optionalText(7), adminAddress: select.optionalText(8)))
            }
            return records
        }
    }

    private static func insert(_ record: SidecarRecord, _ database: Database) throws(SQLiteError) {
        let insert = try database.prepare(
            """
            INSERT OR REPLACE INTO sidecars
                (id, app_id, namespace, process_id, api_address, app_port, internal_address, secret, admin_address)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """)
        try insert.bind(1, record.id)
        try insert.bind(2, record.appID)
        try insert.bind(3, record.namespace)
        try insert.bind(4, Int64(record.processID))
        try insert.bind(5, record.apiAddress)
        try insert.bind(6, record.appPort.map(Int64.init))
        try insert.bind(7, record.internalAddress)
        try insert.bind(8, record.secret)
        try insert.bind(9, record.adminAddress)
        try insert.run()
    }

    private static func delete(_ ids: [String], _ database: Database) throws(SQLiteError) {
        let delete = try database.prepare("DELETE FROM sidecars WHERE id = ?1")
        for id in ids {
            try delete.bind(1, id)
            try delete.run()
        }
    }
}
