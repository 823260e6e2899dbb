// SPDX-License-Identifier: Apache-2.0

import Core
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A line for people: `2026-03-01T12:00:00.005Z warning The app ended.  event=app.exited status=1`.
///
/// The sentence comes first, since it is what is read; the fields after it are for those who search.
struct LogLineText: Sendable {
    var colored: Bool

    /// True on a terminal, unless the user asks for none (https://no-color.org) or the terminal can't.
    static func isColorWanted(on descriptor: Int32) -> Bool {
        guard isatty(descriptor) == 1 else { return false }
        if let choice = getenv("NO_COLOR"), choice.pointee != 0 { return false }
        guard let terminal = getenv("TERM") else { return false }
        return String(cString: terminal) != "dumb"
    }

    func bytes(of record: LogRecord) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        paint(&line, .dim) { record.time.append(to: &$0) }
        line.append(UInt8(ascii: " "))
        let level = record.level.name
        paint(&line, Color(record.level)) { $0.append(contentsOf: level.utf8) }
        line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(1, 8 - level.utf8.count)))
        Self.append(LogRecord.clip(record.message), to: &line)
        let fields = record.flatFields
        if !fields.isEmpty {
            line.append(UInt8(ascii: " "))
            paint(&line, .dim) { line in
                for (key, value) in fields {
                    line.append(UInt8(ascii: " "))
                    Self.append(key, to: &line)
                    line.append(UInt8(ascii: "="))
                    Self.appendValue(LogRecord.clip("\(value)"), to: &line)
                }
            }
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private enum Color: String {
        case plain = ""
        case dim = "2"
        case green = "32"
        case yellow = "33"
        case red = "31"

        init(_ level: Logger.Level) {
            switch level {
            case .trace, .debug: self = .dim
            case .info, .notice: self = .green
            case .warning: self = .yellow
            case .error, .critical: self = .red
            }
        }
    }

    private func paint(_ line: inout [UInt8], _ color: Color, _ write: (inout [UInt8]) -> Void) {
        guard colored else { return write(&line) }
        line.append(contentsOf: "\u{1B}[\(color.rawValue)m".utf8)
        write(&line)
        line.append(contentsOf: "\u{1B}[0m".utf8)
    }

    /// Quoted when it would otherwise not be told from its neighbours.
    private static func appendValue(_ value: String, to line: inout [UInt8]) {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x7F }
        guard !isPlain else { return append(value, to: &line) }
        var quoted = JSONWriter(capacity: value.utf8.count + 2)
        quoted.string(value)
        append(quoted.text, to: &line)
    }

    /// Control characters become spaces: what a client sent may not forge a line or command the terminal.
    private static func append(_ text: String, to line: inout [UInt8]) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<0x20, 0x7F...0x9F: line.append(UInt8(ascii: " "))
            default: line.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }
}
