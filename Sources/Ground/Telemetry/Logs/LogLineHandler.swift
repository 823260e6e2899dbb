// SPDX-License-Identifier: Apache-2.0

package import Logging

/// swift-log's view of `Logs`: gathers the fields of one line, leaves out what repeats, and has it written.
package struct LogLineHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let scope: String
    private let isLibrary: Bool
    private let logs: Logs
    private var ownLevel: Logger.Level?

    init(scope: String, isLibrary: Bool, logs: Logs) {
        self.scope = scope
        self.isLibrary = isLibrary
        self.logs = logs
    }

    /// The level of `Logs`, until this logger is given its own.
    package var logLevel: Logger.Level {
        get {
            if let ownLevel { return ownLevel }
            let level = logs.level
            return isLibrary && level > .debug ? max(level, .warning) : level
        }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: Logging.LogEvent) {
        let now = WallTime.now()
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { _, new in new } }
        if let given = event.metadata { fields.merge(given) { _, new in new } }
        if let error = event.error { fields["error"] = .string("\(error)") }
        let message = event.message.description
        if event.level == .warning || event.level == .error {
            switch logs.repeats.admit(scope: scope, message: message, at: now.seconds) {
            case .suppressed: return
            case .written(let earlier) where earlier > 0: fields["suppressed"] = .stringConvertible(earlier)
            case .written: break
            }
        }
        let record = LogRecord(time: now, level: event.level, scope: scope, message: message, fields: fields)
        logs.write(record)
    }
}

extension Logs {
    func write(_ record: LogRecord) {
        output.write(bytes(of: record)) { dropped in
            let event = LogEvent.logLinesDropped(count: dropped)
            var fields = event.fields
            fields["event"] = .string(event.id)
            return bytes(
                of: LogRecord(
                    time: record.time, level: event.level, scope: "outrigger.telemetry", message: event.message,
                    fields: fields))
        }
    }

    private func bytes(of record: LogRecord) -> [UInt8] {
        switch format {
        case .text(let text): text.bytes(of: record)
        case .json(let json): json.bytes(of: record)
        }
    }
}
