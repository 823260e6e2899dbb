// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
import Core
import Logging
import SQLiteClient

extension ComponentKind<any StateStore> {
    /// `state.sqlite`, with Dapr's settings and Dapr's layout in the file.
    package static var sqlite: ComponentKind<any StateStore> {
        ComponentKind(type: "state.sqlite", settings: SQLiteComponent.settings) { metadata, surroundings in
            try await SQLiteComponent(metadata).open(logger: surroundings.logger)
        }
    }
}

/// The settings of one `state.sqlite` component, read and checked.
struct SQLiteComponent: Sendable {
    static let settings = [
        ComponentSetting("connectionString", isRequired: true, isSecret: true, "The file, a file: URI, or :memory:."),
        ComponentSetting("timeout", .duration, defaultValue: "20s", "Kept for Dapr; busyTimeout bounds what waits."),
        ComponentSetting("timeoutInSeconds", .duration, "The older name of timeout."),
        ComponentSetting("busyTimeout", .duration, defaultValue: "2s", "How long a lock is waited for."),
        ComponentSetting("disableWAL", .boolean, defaultValue: "false", "Uses a rollback journal."),
        ComponentSetting("tableName", defaultValue: "state", "The table with the state."),
        ComponentSetting("metadataTableName", defaultValue: "metadata", "The table with the layout's version."),
        ComponentSetting("cleanupInterval", .duration, defaultValue: "0s", "How often expired items go; 0: never."),
        ComponentSetting("cleanupIntervalInSeconds", .duration, "The older name of cleanupInterval."),
    ]

    private let connection: ConnectionString
    private let busyTimeout: Duration
    private let disablesLog: Bool
    private let schema: DaprStateSchema
    private let cleanupInterval: Duration

    init(_ metadata: ComponentMetadata) throws {
        let reader = SettingReader(metadata: metadata)
        connection = try ConnectionString(reader)
        guard try reader.duration("timeout", or: "timeoutInSeconds") ?? .seconds(20) >= .seconds(1) else {
            throw reader.problem("timeout", "found less than a second, expected at least 1s")
        }
        busyTimeout = try reader.duration("busyTimeout") ?? .seconds(2)
        disablesLog = try reader.boolean("disableWAL") ?? false
        schema = DaprStateSchema(
            tableName: try reader.identifier("tableName") ?? "state",
            metadataTableName: try reader.identifier("metadataTableName") ?? "metadata")
        cleanupInterval = try reader.duration("cleanupInterval", or: "cleanupIntervalInSeconds") ?? .zero
    }

    private var journal: StoreFile.Journal {
        if connection.isInMemory { return .memory }
        return disablesLog || connection.isReadOnly ? .rollback : .writeAheadLog
    }

    func open(logger: Logger) async throws(StateError) -> any StateStore {
        let schema = schema
        let file = StoreFile(
            path: connection.sqlitePath,
            journal: journal,
            access: connection.isReadOnly ? .readOnly : .readWriteCreate,
            lock: try connection.lockPath.map { path throws(StateError) in try WriteLock(path: path) },
            pragmas: connection.pragmas,
            busyTimeoutMilliseconds: Int32(clamping: busyTimeout / .milliseconds(1)),
            sweepInterval: cleanupInterval > .zero ? cleanupInterval : nil,
            check: { (database) throws(SQLiteError) in try schema.check(database) },
            migrate: { (database) throws(SQLiteError) in try schema.migrate(database) },
            makeTable: { (database) throws(SQLiteError) in try DaprStateTable(database, name: schema.tableName) })
        let store = try await SQLiteStore.open(file, logger: logger)
        return SQLiteStateStore(store, namespace: "", durability: connection.isInMemory ? .process : .synced)
    }
}

extension Int32 {
    fileprivate init(clamping value: Double) { self = Int32(Swift.min(Swift.max(value, 0), Double(Int32.max))) }
}
