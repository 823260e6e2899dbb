// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc
import Logging
import NIOCore
import SQLiteEngine

/// Fills an embedded event log with small events, in the streams of a number of topics:
///
///     swift run -c release EventLogSeed FOLDER EVENTS TOPICS
///
/// The events go the way of all others, in appends of many.
@main struct EventLogSeed {
    static let eventsPerAppend = 2000
    static let appenders = 4
    static let data = ByteBuffer(repeating: 0x61, count: 100)

    static func main() async throws {
        let numbers = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
        guard CommandLine.arguments.count == 4, numbers.count == 2, numbers.allSatisfy({ $0 > 0 }) else {
            print("usage: EventLogSeed FOLDER EVENTS TOPICS")
            exit(64)
        }
        let database = try await EmbeddedDatabase.open(
            path: CommandLine.arguments[1], logger: Logger(label: "seed") { _ in SwiftLogNoOpLogHandler() })
        let log = database.log(namespace: "default")
        let (total, topics) = (numbers[0], numbers[1])
        let appendCount = (total + eventsPerAppend - 1) / eventsPerAppend
        try await withThrowingTaskGroup(of: Void.self) { group in
            for appender in 0..<appenders {
                group.addTask {
                    for number in stride(from: appender, to: appendCount, by: appenders) {
                        let count = min(eventsPerAppend, total - number * eventsPerAppend)
                        try await append(count, to: "topic/pubsub/old-\(number % topics)", log)
                    }
                }
            }
            try await group.waitForAll()
        }
        print(try await log.head())
        await database.close()
    }

    private static func append(_ count: Int, to stream: String, _ log: any EventLog) async throws {
        let event = NewEvent(id: "00000000-0000-0000-0000-000000000000", type: "message", data: data)
        _ = try await log.append([EventAppend(stream, Array(repeating: event, count: count))])[0].get()
    }
}
