// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Testing

@testable import Telemetry

@Suite struct LogLineTests {
    private let noon = WallTime(seconds: 1_772_366_400, milliseconds: 5)

    private func record(_ message: String, _ fields: Logger.Metadata = [:], level: Logger.Level = .info) -> LogRecord {
        LogRecord(time: noon, level: level, scope: "outrigger.test", message: message, fields: fields)
    }

    private func json(_ record: LogRecord) -> String {
        String(decoding: LogLineJSON(appID: "cart", instance: "host").bytes(of: record), as: UTF8.self)
    }

    private func text(_ record: LogRecord, colored: Bool = false) -> String {
        String(decoding: LogLineText(colored: colored).bytes(of: record), as: UTF8.self)
    }

    @Test func `A JSON line has Dapr's keys first and the fields beside them`() {
        let line = json(record("The app started.", ["event": "app.started", "pid": .stringConvertible(7)]))
        #expect(
            line == """
                {"time":"2026-03-01T12:00:00.005Z","level":"info","msg":"The app started.","app_id":"cart",\
                "instance":"host","scope":"outrigger.test","type":"log","ver":"0.1.0","event":"app.started","pid":7}

                """)
    }

    @Test func `A JSON line keeps numbers and truth values, and flattens dictionaries`() {
        let fields: Logger.Metadata = [
            "a": .stringConvertible(true), "b": .stringConvertible(1.5), "c": ["d": ["e": "f"]], "g": ["h", "i"],
        ]
        #expect(json(record("Said.", fields)).hasSuffix(#""a":true,"b":1.5,"c.d.e":"f","g":["h","i"]}"# + "\n"))
    }

    @Test func `A field that has the name of one of the line's own keys is set apart`() {
        #expect(json(record("Said.", ["level": "deep"])).contains(#""fields.level":"deep""#))
    }

    @Test func `An empty app id is left out`() {
        let line = LogLineJSON(appID: "", instance: "h").bytes(of: record("Said."))
        #expect(!String(decoding: line, as: UTF8.self).contains("app_id"))
    }

    @Test func `Levels have the names that Dapr uses`() {
        let names = Logger.Level.allCases.map(\.name)
        #expect(names == ["trace", "debug", "info", "info", "warning", "error", "fatal"])
    }

    @Test func `A text line says the time, the level, the sentence and the fields`() {
        let line = text(record("The app started.", ["event": "app.started", "path": "a b", "empty": ""]))
        #expect(
            line == #"2026-03-01T12:00:00.005Z info    The app started.  event=app.started empty="" path="a b""# + "\n")
    }

    @Test func `A text line without fields ends after the sentence`() {
        #expect(text(record("Done.")).hasSuffix("info    Done.\n"))
    }

    @Test func `Only a colored line has escape sequences`() {
        #expect(text(record("Bad.", level: .error), colored: true).contains("\u{1B}[31merror\u{1B}[0m"))
        #expect(!text(record("Bad.", ["a": "\u{1B}[31m"], level: .error)).contains("\u{1B}"))
    }

    @Test func `What a client sent can't forge a second line`() {
        let forged = record("One\ntwo\u{9B}31m\r", ["a": "b\nc"])
        #expect(text(forged).filter { $0 == "\n" }.count == 1)
        #expect(!text(forged).contains("\u{9B}"))
        #expect(json(forged).filter { $0 == "\n" }.count == 1)
    }

    @Test func `A long message is cut at a character, with an ellipsis`() {
        let clipped = LogRecord.clip(String(repeating: "ä", count: 2000) + "end")
        #expect(clipped == String(repeating: "ä", count: 512) + "…")
        #expect(LogRecord.clip("a" + String(repeating: "ä", count: 2000)).utf8.count == 1023 + "…".utf8.count)
        #expect(LogRecord.clip("short") == "short")
    }

    @Test func `A line has a limited number of fields`() {
        let fields = Logger.Metadata(uniqueKeysWithValues: (0..<100).map { ("key\($0)", "v") })
        #expect(record("Said.", fields).flatFields.count == LogRecord.fieldsMax)
    }

    @Test func `A pipe gets no color`() {
        #expect(!LogLineText.isColorWanted(on: LogPipe().writing))
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (951_782_399, "2000-02-28T23:59:59.000Z"),
        (951_782_400, "2000-02-29T00:00:00.000Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.000Z"),
    ])
    func `Seconds become a date of RFC 3339`(seconds: Int, text: String) {
        #expect(WallTime(seconds: seconds, milliseconds: 0).text == text)
    }

    @Test func `Dates agree with the C library over four centuries`() {
        for day in stride(from: 0, to: 146_097, by: 13) {
            var seconds = time_t(day * 86_400 + 3723)
            var parts = tm()
            gmtime_r(&seconds, &parts)
            var expected = [CChar](repeating: 0, count: 32)
            let count = strftime(&expected, expected.count, "%Y-%m-%dT%H:%M:%S.000Z", &parts)
            let text = String(decoding: expected[..<count].map { UInt8($0) }, as: UTF8.self)
            #expect(WallTime(seconds: Int(seconds), milliseconds: 0).text == text)
        }
    }
}
