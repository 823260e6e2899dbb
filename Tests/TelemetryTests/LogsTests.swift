// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Testing

@testable import Telemetry

@Suite struct LogsTests {
    private let pipe = LogPipe()

    private func logs(_ format: LogConfiguration.Format = .text, level: Logger.Level = .info) -> Logs {
        var configuration = LogConfiguration()
        configuration.format = format
        configuration.level = level
        return Logs(configuration, appID: "cart", descriptor: pipe.writing)
    }

    @Test func `An event is written with its id and its level`() {
        logs().logger("outrigger.test").emit(.logLinesDropped(count: 3))
        let lines = pipe.lines()
        #expect(lines.count == 1)
        #expect(lines[0].contains(" warning "))
        #expect(lines[0].hasSuffix("event=log.lines.dropped count=3"))
    }

    @Test func `What is below the level isn't written, until the level changes for every logger at once`() {
        let logs = logs()
        let logger = logs.logger("outrigger.test")
        logger.debug("hidden")
        #expect(pipe.drain() == "")
        logs.level = .debug
        logger.debug("shown")
        #expect(pipe.drain().contains("shown"))
    }

    @Test func `A logger's own level and metadata stay its own`() {
        let logs = logs()
        var loud = logs.logger("outrigger.test")
        loud.logLevel = .trace
        loud[metadataKey: "room"] = "test"
        loud.trace("shown")
        logs.logger("outrigger.test").trace("hidden")
        #expect(pipe.lines().map { $0.hasSuffix("shown  room=test") } == [true])
    }

    @Test func `Libraries are heard from warning up, and in full when the level is debug`() {
        let logs = logs()
        let library = Logger(label: "swift-nio") { logs.libraryHandler($0) }
        library.info("quiet")
        library.warning("loud")
        #expect(pipe.lines().map { $0.contains("loud") } == [true])
        logs.level = .error
        library.warning("quiet")
        logs.level = .debug
        library.debug("loud")
        #expect(pipe.lines().map { $0.contains("loud") } == [true])
    }

    @Test func `A warning that repeats is held back after ten, an information isn't`() {
        let logs = logs()
        let logger = logs.logger("outrigger.test")
        for attempt in 0..<30 { logger.warning("Again.", metadata: ["attempt": .stringConvertible(attempt)]) }
        #expect(pipe.lines().count == LogRepeats.linesPerWindow)
        #expect(logs.repeats.suppressed == 20)
        for _ in 0..<30 { logger.info("Again.") }
        #expect(pipe.lines().count == 30)
    }

    @Test func `The first line of a later window says how many were held back`() {
        let repeats = LogRepeats()
        for _ in 0..<12 { _ = repeats.admit(scope: "s", message: "m", at: 100) }
        #expect(repeats.admit(scope: "s", message: "other", at: 100) == .written(suppressed: 0))
        #expect(repeats.admit(scope: "s", message: "m", at: 159) == .suppressed)
        #expect(repeats.admit(scope: "s", message: "m", at: 160) == .written(suppressed: 3))
        #expect(repeats.admit(scope: "s", message: "m", at: 161) == .written(suppressed: 0))
        #expect(repeats.admit(scope: "s", message: "m", at: 20) == .written(suppressed: 0))
    }

    @Test func `Messages beyond those that are remembered are written, and places come free`() {
        let repeats = LogRepeats()
        for index in 0..<LogRepeats.messagesMax { _ = repeats.admit(scope: "s", message: "\(index)", at: 0) }
        for _ in 0..<20 { #expect(repeats.admit(scope: "s", message: "new", at: 1) == .written(suppressed: 0)) }
        for _ in 0..<10 { _ = repeats.admit(scope: "s", message: "new", at: 60) }
        #expect(repeats.admit(scope: "s", message: "new", at: 60) == .suppressed)
    }

    @Test func `A reader that hangs costs one wait; lines are dropped, counted and owned up to`() {
        let logs = logs()
        let logger = logs.logger("outrigger.test")
        pipe.fill()
        let time = ContinuousClock().measure {
            for index in 0..<1000 { logger.info("lost \(index)") }
        }
        #expect(time < .seconds(3))
        #expect(logs.output.dropped == 1000)
        _ = pipe.drain()
        logger.info("back")
        let lines = pipe.lines()
        #expect(lines.count == 2)
        #expect(lines[0].hasSuffix("event=log.lines.dropped count=1000"))
        #expect(lines[1].hasSuffix("back"))
    }

    @Test func `A line that was cut off by a full pipe doesn't swallow the next one`() {
        let logs = logs()
        pipe.fill()
        var page = [UInt8](repeating: 0, count: 4096)
        #expect(read(pipe.reading, &page, page.count) == page.count)
        let fields = Logger.Metadata(
            uniqueKeysWithValues: (0..<8).map { ("k\($0)", .string(String(repeating: "x", count: 1000))) })
        logs.logger("outrigger.test").info("long", metadata: fields)
        #expect(logs.output.dropped == 1)
        _ = pipe.drain()
        logs.logger("outrigger.test").info("next")
        let text = pipe.drain()
        #expect(text.hasPrefix("\n"))
        #expect(text.split(separator: "\n").map { $0.hasSuffix("next") } == [false, true])
    }

    @Test func `A closed reader is no reason to stop`() {
        // Without SIGPIPE being ignored: it would end the test.
        var ends: [Int32] = [0, 0]
        #expect(Glibc.pipe(&ends) == 0)
        close(ends[0])
        let logs = Logs(LogConfiguration(), descriptor: ends[1])
        logs.logger("outrigger.test").info("to nobody")
        #expect(logs.output.dropped == 1)
        close(ends[1])
    }

    @Test func `A slow reader is waited for once, not for each line`() {
        let logs = logs()
        let logger = logs.logger("outrigger.test")
        let time = ContinuousClock().measure {
            for _ in 0..<30 {
                pipe.fill()
                logger.info("waits, or is lost")
                var page = [UInt8](repeating: 0, count: 4096)
                _ = read(pipe.reading, &page, page.count)
                logger.info("fits")
            }
        }
        #expect(time < .seconds(2))
        #expect(logs.output.dropped >= 28)
    }

    @Test func `Lines of several threads don't mix`() async {
        let logger = logs(.json).logger("outrigger.test")
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask { for _ in 0..<20 { logger.info("task \(task)") } }
            }
        }
        let lines = pipe.lines()
        #expect(lines.count == 160)
        #expect(lines.allSatisfy { $0.hasPrefix("{\"time\":") && $0.hasSuffix("\"ver\":\"0.1.0\"}") })
    }

    @Test func `The registry shows what the log left out`() {
        let logs = logs()
        let registry = PrometheusRegistry(logger: logs.logger("outrigger.test"))
        logs.observe(in: registry)
        for _ in 0..<12 { logs.logger("outrigger.test").error("Again.") }
        let text = String(decoding: registry.exposition(), as: UTF8.self)
        #expect(text.contains("outrigger_log_lines_dropped_total{reason=\"repeated\"} 2\n"))
        #expect(text.contains("outrigger_log_lines_dropped_total{reason=\"unread\"} 0\n"))
    }
}
