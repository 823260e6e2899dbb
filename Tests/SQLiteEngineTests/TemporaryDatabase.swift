// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import FoundationEssentials
import Glibc
import Logging
import NIOCore

@testable import SQLiteEngine

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A folder that is gone after the test.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    var template = Array("/tmp/outrigger-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw StateError(.failed, "no temporary folder") }
    let folder = String(cString: made)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

func withDatabase<Value>(
    pragmas: [String] = [], _ body: (EmbeddedDatabase, String) async throws -> Value
) async throws -> Value {
    try await withFolder { folder in
        let database = try await EmbeddedDatabase.open(path: folder, pragmas: pragmas, logger: quiet)
        do {
            let value = try await body(database, folder)
            await database.close()
            return value
        } catch {
            await database.close()
            throw error
        }
    }
}

extension StateWrite {
    static func save(
        _ key: String, _ value: String, timeToLive: Int64? = nil, if condition: Condition = .none
    ) -> StateWrite {
        StateWrite(key: key, .upsert(ByteBuffer(string: value), timeToLiveSeconds: timeToLive), if: condition)
    }

    static func delete(_ key: String) -> StateWrite { StateWrite(key: key, .delete) }
}
