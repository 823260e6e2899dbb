// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The process's log: makes loggers that write to standard error (standard output belongs to the app).
///
/// A logger is a value that is handed down, not found by a global name. Only libraries (NIO, Hummingbird), which ask
/// swift-log's global, get theirs by `bootstrapLibraries()`.
package final class Logs: Sendable {
    let output: LogOutput
    let repeats = LogRepeats()
    let format: LogFormat
    private let shared: Atomic<Int>

    /// - Parameters:
    ///   - appID: the `app_id` of each JSON line; nil or empty leaves it out.
    ///   - descriptor: where lines go; not closed by this.
    package init(_ configuration: LogConfiguration, appID: String? = nil, descriptor: Int32 = STDERR_FILENO) {
        output = LogOutput(descriptor: descriptor)
        switch configuration.format {
        case .json: format = .json(LogLineJSON(appID: appID ?? ""))
        case .text: format = .text(LogLineText(colored: LogLineText.isColorWanted(on: descriptor)))
        }
        shared = Atomic(configuration.level.position)
    }

    /// The lowest level that is written; a change takes effect at once, for every logger that was made.
    package var level: Logger.Level {
        get { Logger.Level(position: shared.load(ordering: .relaxed)) }
        set { shared.store(newValue.position, ordering: .relaxed) }
    }

    /// A logger of this process; `scope` names who speaks: `outrigger.runtime`.
    package func logger(_ scope: String) -> Logger {
        Logger(label: scope) { LogLineHandler(scope: $0, isLibrary: false, logs: self) }
    }

    /// Sends what libraries log here, from warning up, or all that the level allows when it is debug or trace.
    ///
    /// To be called once in a process: swift-log refuses a second time.
    package func bootstrapLibraries() {
        LoggingSystem.bootstrap { self.libraryHandler($0) }
    }

    func libraryHandler(_ scope: String) -> LogLineHandler {
        LogLineHandler(scope: scope, isLibrary: true, logs: self)
    }

    /// Adds what the log says of itself to the metrics.
    package func observe(in registry: PrometheusRegistry) {
        let dropped = "outrigger_log_lines_dropped_total"
        registry.observe(dropped, [("reason", "unread")]) { [output] in Double(output.dropped) }
        registry.observe(dropped, [("reason", "repeated")]) { [repeats] in Double(repeats.suppressed) }
    }
}

/// How a line looks.
enum LogFormat: Sendable {
    case text(LogLineText)
    case json(LogLineJSON)
}

/// What a handler hands to the format: one line before it is bytes.
struct LogRecord {
    var time: WallTime
    var level: Logger.Level
    var scope: String
    var message: String
    var fields: Logger.Metadata

    /// Longest message or value, in bytes of UTF-8; the rest of it is cut. It keeps a usual line, with four long values
    /// and escapes, below one page, which a pipe takes whole.
    static let valueBytesMax = 1024
    /// Most fields of a line; those after it, in the order of their names, are left out.
    static let fieldsMax = 32

    /// Cuts after `valueBytesMax` bytes, at a character, and says so with an ellipsis.
    static func clip(_ text: String) -> String {
        guard text.utf8.count > valueBytesMax else { return text }
        var bytes = text.utf8.prefix(valueBytesMax)
        // A byte of the form 10xxxxxx continues a scalar: the cut goes before the scalar that it would split.
        while let next = text.utf8[bytes.endIndex...].first, next & 0xC0 == 0x80 { bytes.removeLast() }
        return String(Substring(bytes)) + "…"
    }
}

extension Logger.Level {
    /// Its place in `allCases`, from the least severe.
    var position: Int {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }

    init(position: Int) { self = Self.allCases[position] }

    /// The names that Dapr's logs use, which know neither notice nor critical.
    var name: String {
        switch self {
        case .notice: "info"
        case .critical: "fatal"
        default: rawValue
        }
    }
}
