// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Conformance
import Testing

@testable import SQLiteEngine

@Suite struct EventLogConformanceTests {
    @Test("the embedded log keeps the contract", arguments: EventLogConformance.checks)
    func conforms(to check: EventLogConformance.Check) async throws {
        try await withDatabase { database, _ in
            try await check.body(EventLogConformance(database.log(namespace: "default")))
        }
    }

    @Test("the embedded log keeps the contract over two handles of a file", arguments: EventLogConformance.checks)
    func conformsWithNeighbour(_ check: EventLogConformance.Check) async throws {
        try await withDatabase { database, folder in
            let neighbour = try await EmbeddedDatabase.open(path: folder, logger: quiet)
            let log = database.log(namespace: "default")
            do {
                try await check.body(EventLogConformance(log, other: neighbour.log(namespace: "default")))
                await neighbour.close()
            } catch {
                await neighbour.close()
                throw error
            }
        }
    }
}
