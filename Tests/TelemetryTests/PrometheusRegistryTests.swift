// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Logging
import Testing

@testable import Telemetry

@Suite struct PrometheusRegistryTests {
    private let pipe = LogPipe()
    private let registry: PrometheusRegistry

    init() {
        registry = PrometheusRegistry(
            logger: Logs(LogConfiguration(), descriptor: pipe.writing).logger("outrigger.test"))
    }

    private func scrape() throws -> Exposition { try Exposition(registry.exposition()) }

    @Test func `A counter counts, under its declared type and help`() throws {
        let counter = Counter(label: "outrigger_app_restarts_total", factory: registry)
        counter.increment()
        counter.increment(by: 4)
        let text = String(decoding: registry.exposition(), as: UTF8.self)
        #expect(
            text == """
                # HELP outrigger_app_restarts_total Times that the app was started again.
                # TYPE outrigger_app_restarts_total counter
                outrigger_app_restarts_total 5

                """)
        counter.reset()
        #expect(try scrape().value("outrigger_app_restarts_total") == 0)
    }

    @Test func `Two handles of one name and the same labels count together`() throws {
        let labels = [("component", "statestore"), ("code", "ERR")]
        Counter(label: "outrigger_state_errors_total", dimensions: labels, factory: registry).increment()
        Counter(label: "outrigger_state_errors_total", dimensions: labels, factory: registry).increment()
        let found = try scrape().value("outrigger_state_errors_total", ["component": "statestore", "code": "ERR"])
        #expect(found == 2)
    }

    @Test func `A timer is a histogram in seconds, with a value on a bound in that bound's bucket`() throws {
        let timer = Timer(label: "outrigger_http_request_seconds", dimensions: [("route", "state")], factory: registry)
        timer.recordNanoseconds(1_000_000)
        timer.recordNanoseconds(1_000_001)
        timer.recordSeconds(100)
        let exposition = try scrape()
        func bucket(_ bound: String) -> Double? {
            exposition.value("outrigger_http_request_seconds_bucket", ["route": "state", "le": bound])
        }
        #expect(bucket("0.0005") == 0)
        #expect(bucket("0.001") == 1)
        #expect(bucket("0.0025") == 2)
        #expect(bucket("10") == 2)
        #expect(bucket("+Inf") == 3)
        #expect(exposition.value("outrigger_http_request_seconds_sum", ["route": "state"]) == 100.002000001)
    }

    @Test func `A recorder is a histogram in its own unit, without NaN and with any size`() throws {
        let recorder = Recorder(label: "outrigger_sqlite_commit_batch_size", factory: registry)
        recorder.record(3)
        recorder.record(0.5)
        recorder.record(Double.nan)
        recorder.record(-1)
        var exposition = try scrape()
        #expect(exposition.value("outrigger_sqlite_commit_batch_size_bucket", ["le": "1"]) == 2)
        #expect(exposition.value("outrigger_sqlite_commit_batch_size_sum") == 2.5)
        recorder.record(Double.infinity)
        recorder.record(Int64.max)
        recorder.record(Int64.min)
        exposition = try scrape()
        #expect(exposition.value("outrigger_sqlite_commit_batch_size_count") == 6)
    }

    @Test func `A timer and a recorder that share a name share its unit`() throws {
        Recorder(label: "shared_seconds", factory: registry).record(2)
        Timer(label: "shared_seconds", factory: registry).recordSeconds(3)
        #expect(try scrape().value("shared_seconds_sum") == 5)
    }

    @Test func `Gauges and meters go both ways, and may be fractions or infinite`() throws {
        Gauge(label: "gauge", factory: registry).record(0.25)
        let meter = Meter(label: "meter", factory: registry)
        meter.set(Int64(5))
        meter.increment(by: 1.5)
        meter.decrement()
        Gauge(label: "endless", factory: registry).record(-Double.infinity)
        let total = FloatingPointCounter(label: "total", factory: registry)
        total.increment(by: 0.5)
        total.increment(by: 0.75)
        let exposition = try scrape()
        #expect(exposition.value("gauge") == 0.25)
        #expect(exposition.value("meter") == 5.5)
        #expect(exposition.value("endless") == -.infinity)
        #expect(exposition.value("total") == 1.25)
        #expect(exposition.types["total"] == "counter")
    }

    @Test func `Label values are escaped and read back as they were`() throws {
        let odd = "a\\b\"c\nd"
        Counter(label: "odd.name-total", dimensions: [("9 la:bel", odd)], factory: registry).increment()
        #expect(try scrape().value("odd_name_total", ["__la_bel": odd]) == 1)
    }

    @Test func `Metrics are sorted by name, whatever order they were made in`() throws {
        for name in ["b", "d", "a", "c", "b"] { Counter(label: name, factory: registry).increment() }
        #expect(try scrape().order == ["a", "b", "c", "d"])
    }

    @Test func `Label values beyond the limit are counted together, with one warning`() throws {
        let limit = MetricDefinition.seriesMaxDefault
        for index in 0..<(limit + 50) {
            Counter(label: "wide_total", dimensions: [("client", "\(index)")], factory: registry).increment()
        }
        let exposition = try scrape()
        #expect(exposition.samples.count == limit + 1)
        #expect(exposition.value("wide_total", ["client": "other"]) == 50)
        let lines = pipe.lines()
        #expect(lines.count == 1)
        #expect(lines[0].contains("event=metric.series.limited metric=wide_total series_max=\(limit)"))
    }

    @Test func `Metrics beyond the limit are counted nowhere`() throws {
        for index in 0..<(PrometheusRegistry.metricsMax + 5) {
            Counter(label: "metric_\(index)", factory: registry).increment()
        }
        #expect(try scrape().order.count == PrometheusRegistry.metricsMax)
    }

    @Test func `A name that is made as two kinds keeps the first, with one warning`() throws {
        Counter(label: "twice", factory: registry).increment()
        Gauge(label: "twice", factory: registry).record(7)
        Gauge(label: "twice", factory: registry).record(8)
        #expect(try scrape().value("twice") == 1)
        #expect(pipe.lines().map { $0.contains("event=metric.kind.conflicted metric=twice") } == [true])
    }

    @Test func `A destroyed series is gone, and its name starts anew`() throws {
        let counter = Counter(label: "gone_total", factory: registry)
        counter.increment()
        counter.destroy()
        #expect(try scrape().samples.isEmpty)
        Counter(label: "gone_total", factory: registry).increment()
        #expect(try scrape().value("gone_total") == 1)
    }

    @Test func `Nothing is lost when many tasks count at once, while scrapes go on`() async throws {
        let counter = Counter(label: "many_total", factory: registry)
        let timer = Timer(label: "many_seconds", factory: registry)
        let meter = Meter(label: "many", factory: registry)
        try await withThrowingTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    for index in 0..<10_000 {
                        counter.increment()
                        timer.recordMicroseconds(index)
                        meter.increment()
                    }
                }
            }
            group.addTask { for _ in 0..<20 { _ = try Exposition(registry.exposition()) } }
            try await group.waitForAll()
        }
        let exposition = try scrape()
        #expect(exposition.value("many_total") == 40_000)
        #expect(exposition.value("many_seconds_count") == 40_000)
        #expect(exposition.value("many") == 40_000)
    }

    @Test func `The process is described under Prometheus' common names`() throws {
        ProcessMetrics.observe(in: registry)
        let exposition = try scrape()
        #expect(exposition.value("outrigger_build_info", ["version": "0.1.0"]) == 1)
        #expect(try #require(exposition.value("process_cpu_seconds_total")) > 0)
        #expect(try #require(exposition.value("process_resident_memory_bytes")) > 1_000_000)
        #expect(try #require(exposition.value("process_open_fds")) >= 3)
        #expect(exposition.types["process_cpu_seconds_total"] == "counter")
        let start = try #require(exposition.value("process_start_time_seconds"))
        let age = Double(WallTime.now().seconds) - start
        #expect(age > -2 && age < 3600)
    }
}
