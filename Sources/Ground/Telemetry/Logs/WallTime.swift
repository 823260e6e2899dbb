// SPDX-License-Identifier: Apache-2.0

import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A moment in UTC, to the millisecond, for people and logs; not for measuring.
struct WallTime: Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z.
    var seconds: Int
    var milliseconds: Int

    static func now() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(seconds: Int(time.tv_sec), milliseconds: Int(time.tv_nsec) / 1_000_000)
    }

    /// Appends `2026-03-01T12:00:00.005Z` (RFC 3339). Computed here because strftime knows no milliseconds and takes
    /// the lock of the time zone.
    func append(to bytes: inout [UInt8]) {
        let (days, second) = seconds.flooredQuotientAndRemainder(by: 86_400)
        let date = CalendarDate(daysSince1970: days)
        for (value, width, end) in [
            (date.year, 4, "-"), (date.month, 2, "-"), (date.day, 2, "T"), (second / 3600, 2, ":"),
            (second / 60 % 60, 2, ":"), (second % 60, 2, "."), (milliseconds, 3, "Z"),
        ] {
            bytes.appendPadded(value, width: width)
            bytes.append(contentsOf: end.utf8)
        }
    }

    var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Int {
    fileprivate func flooredQuotientAndRemainder(by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension [UInt8] {
    fileprivate mutating func appendPadded(_ value: Int, width: Int) {
        let digits = String(value).utf8
        append(contentsOf: repeatElement(UInt8(ascii: "0"), count: Swift.max(0, width - digits.count)))
        append(contentsOf: digits)
    }
}
