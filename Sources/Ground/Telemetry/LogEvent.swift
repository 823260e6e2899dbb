// SPDX-License-Identifier: Apache-2.0

package import Logging

/// One thing that Outrigger can say in its log.
///
/// The folder Catalogue holds them all, one file per room, as `extension LogEvent { static func … }`, so that what the
/// program can say is read in one place and a reader can rely on `id`.
package struct LogEvent: Sendable {
    /// Stable, dotted, past tense: `app.started`.
    package var id: String
    package var level: Logger.Level
    /// A sentence for people, capitalized, with a full stop.
    package var message: String
    /// Values for programs; never a secret.
    package var fields: Logger.Metadata

    package init(_ id: String, _ level: Logger.Level, _ message: String, _ fields: Logger.Metadata = [:]) {
        self.id = id
        self.level = level
        self.message = message
        self.fields = fields
    }
}

extension Logger {
    /// Writes the event if its level is enabled; it is made once.
    package func emit(
        _ event: @autoclosure () -> LogEvent, file: String = #fileID, function: String = #function, line: UInt = #line
    ) {
        let event = event()
        guard event.level >= logLevel else { return }
        var fields = event.fields
        fields["event"] = .string(event.id)
        log(level: event.level, "\(event.message)", metadata: fields, file: file, function: function, line: line)
    }
}
