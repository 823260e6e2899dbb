// SPDX-License-Identifier: Apache-2.0

extension UTCTime {
    /// Reads what RFC 3339 writes: `2026-03-01T12:00:00.5Z`, `2026-03-01T12:00:00+01:00`. Nil for anything else; digits
    /// below a nanosecond are left out, and a leap second is none.
    package init?(rfc3339 text: String) {
        var rest = Array(text.utf8)[...]
        guard let year = rest.takeNumber(digits: 4), rest.take("-"), let month = rest.takeNumber(digits: 2),
            rest.take("-"), let day = rest.takeNumber(digits: 2), rest.take("T") || rest.take("t"),
            let hour = rest.takeNumber(digits: 2), rest.take(":"), let minute = rest.takeNumber(digits: 2),
            rest.take(":"), let second = rest.takeNumber(digits: 2), let nanoseconds = rest.takeFraction(),
            let offset = rest.takeOffset(), rest.isEmpty
        else { return nil }
        let date = CalendarDate(year: year, month: month, day: day)
        guard date.exists, hour < 24, minute < 60, second < 60 else { return nil }
        let seconds = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(seconds: Int64(seconds), nanoseconds: Int64(nanoseconds))
    }

    /// `2026-03-01T12:00:00Z`, with as many digits of the second as it has.
    package var rfc3339: String {
        let (date, second) = civil
        let day = "\(Self.padded(date.year, 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2))"
        let time =
            "\(Self.padded(second / 3600, 2)):\(Self.padded(second / 60 % 60, 2)):\(Self.padded(second % 60, 2))"
        guard nanoseconds > 0 else { return "\(day)T\(time)Z" }
        var fraction = Substring(Self.padded(Int(nanoseconds), 9))
        while fraction.last == "0" { fraction.removeLast() }
        return "\(day)T\(time).\(fraction)Z"
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension ArraySlice<UInt8> {
    fileprivate mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let first, UInt32(first) == character.value else { return false }
        removeFirst()
        return true
    }

    fileprivate mutating func takeDigit() -> Int? {
        guard let first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
        removeFirst()
        return Int(first - UInt8(ascii: "0"))
    }

    fileprivate mutating func takeNumber(digits: Int) -> Int? {
        var number = 0
        for _ in 0..<digits {
            guard let digit = takeDigit() else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    /// The digits after a point as nanoseconds; 0 without a point.
    fileprivate mutating func takeFraction() -> Int? {
        guard take(".") else { return 0 }
        guard var nanoseconds = takeDigit() else { return nil }
        var digits = 1
        while let digit = takeDigit() {
            if digits < 9 { nanoseconds = nanoseconds * 10 + digit }
            digits += 1
        }
        for _ in Swift.min(digits, 9)..<9 { nanoseconds *= 10 }
        return nanoseconds
    }

    /// `Z`, `+01:00` or `-01:00`, in seconds.
    fileprivate mutating func takeOffset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let isNegative = take("-")
        guard isNegative || take("+"), let hours = takeNumber(digits: 2), take(":"),
            let minutes = takeNumber(digits: 2), hours < 24, minutes < 60
        else { return nil }
        return (isNegative ? -1 : 1) * (hours * 3600 + minutes * 60)
    }
}
