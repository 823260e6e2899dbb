// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// The ids of the events that were logged.
final class LogRecord: Sendable {
    private let recorded = Mutex<[String]>([])

    var ids: [String] { recorded.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(record: self) } }

    private struct Handler: LogHandler {
        var metadata = Logger.Metadata()
        var logLevel = Logger.Level.trace
        let record: LogRecord

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: Logging.LogEvent) {
            record.recorded.withLock { $0.append(event.metadata?["event"].map { "\($0)" } ?? "") }
        }
    }
}
