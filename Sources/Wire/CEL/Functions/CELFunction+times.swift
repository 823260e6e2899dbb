// SPDX-License-Identifier: Apache-2.0

internal import Core

extension CELFunction {
    /// A part of a time or of a duration.
    private struct Part {
        var name: String
        var ofTime: @Sendable (_ date: CalendarDate, _ second: Int, _ nanoseconds: Int64) -> Int
        /// Of nanoseconds; nil if a duration has no such part.
        var ofDuration: (@Sendable (Int64) -> Int64)?
    }

    private static let parts = [
        Part(name: "getFullYear", ofTime: { date, _, _ in date.year }),
        Part(name: "getMonth", ofTime: { date, _, _ in date.month - 1 }),
        Part(name: "getDate", ofTime: { date, _, _ in date.day }),
        Part(name: "getDayOfMonth", ofTime: { date, _, _ in date.day - 1 }),
        Part(
            name: "getDayOfYear",
            ofTime: { date, _, _ in
                date.daysSince1970 - CalendarDate(year: date.year, month: 1, day: 1).daysSince1970
            }),
        // 1970-01-01 was a Thursday; Sunday is 0. The sum is kept above zero back to the year 0.
        Part(name: "getDayOfWeek", ofTime: { date, _, _ in (date.daysSince1970 + 4 + 7 * 110_000) % 7 }),
        Part(name: "getHours", ofTime: { _, second, _ in second / 3600 }, ofDuration: { $0 / 3_600_000_000_000 }),
        Part(name: "getMinutes", ofTime: { _, second, _ in second / 60 % 60 }, ofDuration: { $0 / 60_000_000_000 }),
        Part(name: "getSeconds", ofTime: { _, second, _ in second % 60 }, ofDuration: { $0 / 1_000_000_000 }),
        Part(
            name: "getMilliseconds", ofTime: { _, _, nanoseconds in Int(nanoseconds / 1_000_000) },
            ofDuration: { $0 % 1_000_000_000 / 1_000_000 }),
    ]

    static let zoned = Set(parts.map(\.name))

    static let times = parts.map { part in
        CELFunction(part.name, member: 0...1) { arguments, _ throws(CELEvaluationError) in
            switch (arguments[0], arguments.count) {
            case (.duration(let nanoseconds), 1):
                guard let value = part.ofDuration?(nanoseconds) else { throw .noOverload(part.name, arguments) }
                return .int(value)
            case (.timestamp(let time), _):
                var time = time
                if arguments.count == 2 { time.seconds += try offset(arguments[1], part.name, arguments) }
                let (date, second) = time.civil
                return .int(Int64(part.ofTime(date, second, time.nanoseconds)))
            default: throw .noOverload(part.name, arguments)
            }
        }
    }

    private static func offset(
        _ zone: CELValue, _ name: String, _ arguments: [CELValue]
    ) throws(CELEvaluationError) -> Int64 {
        guard case .string(let text) = zone else { throw .noOverload(name, arguments) }
        guard let seconds = zoneSeconds(text) else {
            throw CELEvaluationError(.invalidArgument, "a time zone is neither UTC nor an offset")
        }
        return seconds
    }

    /// Reads `UTC`, `+01:00`, `-09:30`, `02:00`; nil for anything else.
    static func zoneSeconds(_ text: String) -> Int64? {
        if text == "UTC" || text == "Z" || text.isEmpty { return 0 }
        let isNegative = text.hasPrefix("-")
        let parts = (isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]).split(
            separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy(CELLexer.isDigit) }),
            let hours = Int64(parts[0]), let minutes = Int64(parts[1]), hours < 24, minutes < 60
        else { return nil }
        return (isNegative ? -1 : 1) * (hours * 3600 + minutes * 60)
    }
}
