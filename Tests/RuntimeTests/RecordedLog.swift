// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// Keeps what is logged.
final class RecordedLog: Sendable {
    struct Line: Sendable {
        var id: String
        var message: String
    }

    private let recorded = Mutex<[Line]>([])

    var lines: [Line] { recorded.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        var metadata = Logger.Metadata()
        var logLevel = Logger.Level.trace
        let log: RecordedLog

        init(log: RecordedLog) { self.log = log }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: Logging.LogEvent) {
            let line = Line(id: event.metadata?["event"].map { "\($0)" } ?? "", message: "\(event.message)")
            log.recorded.withLock { $0.append(line) }
        }
    }
}
