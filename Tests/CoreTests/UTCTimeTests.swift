// SPDX-License-Identifier: Apache-2.0

import Core
import Testing

@Suite struct UTCTimeTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", Int64(0), Int64(0)), ("2026-03-01T12:00:00.5Z", 1_772_366_400, 500_000_000),
        ("2026-03-01T13:00:00+01:00", 1_772_366_400, 0), ("2026-03-01t11:29:59.000000001-00:30", 1_772_366_399, 1),
        ("0001-01-01T00:00:00Z", -62_135_596_800, 0), ("9999-12-31T23:59:59.999999999Z", 253_402_300_799, 999_999_999),
        ("2024-02-29T00:00:00.1234567899Z", 1_709_164_800, 123_456_789), ("1969-12-31T23:59:59.5z", -1, 500_000_000),
    ])
    func `a time is read as RFC 3339 writes it`(_ row: (text: String, seconds: Int64, nanoseconds: Int64)) {
        #expect(UTCTime(rfc3339: row.text) == UTCTime(seconds: row.seconds, nanoseconds: row.nanoseconds))
    }

    @Test func `milliseconds count from 1970, backwards too`() {
        #expect(UTCTime(milliseconds: 1_500) == UTCTime(seconds: 1, nanoseconds: 500_000_000))
        #expect(UTCTime(milliseconds: -1) == UTCTime(seconds: -1, nanoseconds: 999_000_000))
    }

    @Test(arguments: [
        "", "2026", "2026-03-01", "2026-03-01 12:00:00Z", "2026-03-01T12:00:00", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00Zx", "26-01-01T00:00:00Z", "+026-01-01T00:00:00Z",
    ])
    func `anything else is no time`(text: String) { #expect(UTCTime(rfc3339: text) == nil) }

    @Test(arguments: [
        "1970-01-01T00:00:00Z", "2026-03-01T12:00:00.5Z", "0001-01-01T00:00:00Z", "1900-02-28T23:59:59Z",
        "2000-02-29T00:00:00.000000001Z", "9999-12-31T23:59:59.999999999Z",
    ])
    func `a time is written as it is read`(text: String) { #expect(UTCTime(rfc3339: text)?.rfc3339 == text) }

    @Test func `each day of some centuries is the one after the day before`() {
        var previous = CalendarDate(daysSince1970: -150_001)
        for days in -150_000...150_000 {
            let date = CalendarDate(daysSince1970: days)
            #expect(date.daysSince1970 == days)
            let follows =
                date.day == previous.day + 1 && date.month == previous.month
                || date.day == 1 && date.month == previous.month % 12 + 1
            #expect(follows, "\(previous) \(date)")
            previous = date
        }
    }
}
