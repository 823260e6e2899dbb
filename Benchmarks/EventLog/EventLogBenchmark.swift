// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc
import Logging
import NIOCore
import SQLiteEngine
import Synchronization

/// Measures the embedded event log in a folder on a real disk, beside the state in the same file:
///
///     swift run -c release EventLogBenchmark FOLDER [EVENTS]
///
/// Appends of 64 tasks and of one, reads, and the way from an append in one handle to a watch in another; then the same
/// in a log of EVENTS events (a million by default). Each event has 300 bytes.
@main struct EventLogBenchmark {
    static let seconds = 3
    static let appenders = 64
    static let data = ByteBuffer(repeating: 0x61, count: 300)

    static func main() async throws {
        guard CommandLine.arguments.count >= 2 else {
            print("usage: EventLogBenchmark FOLDER [EVENTS]")
            exit(64)
        }
        let folder = CommandLine.arguments[1] + "/eventlog-benchmark-\(getpid())"
        let count = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 1_000_000 : 1_000_000
        let logger = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
        let database = try await EmbeddedDatabase.open(path: folder, logger: logger)
        let neighbour = try await EmbeddedDatabase.open(path: folder, logger: logger)
        let bench = EventLogBenchmark(
            log: database.log(namespace: "default"), neighbour: neighbour.log(namespace: "default"),
            state: database.stateStore(namespace: "default"), walPath: folder + "/outrigger.db-wal")
        print("in \(folder)")
        try await bench.idle()
        try await bench.pages()
        for _ in 0..<2 { try await bench.rates() }
        try await bench.seed(count)
        for _ in 0..<2 { try await bench.rates() }
        await neighbour.close()
        await database.close()
    }

    let log: any EventLog
    let neighbour: any EventLog
    let state: any StateStore
    let walPath: String

    /// What 1,000 idle watched streams cost, in two handles of which each has its thread.
    func idle() async throws {
        let watches = [try await log.watch { _ in }, try await neighbour.watch { _ in }]
        for watch in watches { await watch.setStreams(Set((0..<1000).map { "stream-\($0)" })) }
        try await Task.sleep(for: .seconds(1))
        let before = (cpuSeconds(), writtenBytes())
        try await Task.sleep(for: .seconds(10))
        let share = (cpuSeconds() - before.0) / 10 * 100
        print("idle, 2 × 1,000 watched streams: \(share) % of a core, \(writtenBytes() - before.1) bytes written")
        for watch in watches { await watch.cancel() }
    }

    /// Pages that an append adds to the write-ahead log, while that is too short for a checkpoint.
    func pages() async throws {
        try await append("pages", 1)
        var before = walPages()
        for _ in 0..<50 { try await append("pages", 1) }
        print("pages per event, one at a time: \(Double(walPages() - before) / 50)")
        before = walPages()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.appenders {
                group.addTask { for _ in 0..<20 { try? await append("pages", 1) } }
            }
        }
        print("pages per event, \(Self.appenders) at a time: \(Double(walPages() - before) / 1280)")
        before = walPages()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<Self.appenders {
                group.addTask { for _ in 0..<10 { try? await append("pages-\(task)", 1) } }
            }
        }
        print("pages per event, \(Self.appenders) at a time to as many streams: \(Double(walPages() - before) / 640)")
    }

    func rates() async throws {
        print("events in the log: \(try await log.head())")
        let value = Self.data
        let saves = await rate(Self.appenders) { task, index in
            let write = StateWrite(key: "key-\(task)", .upsert(value, timeToLiveSeconds: nil))
            try await state.apply([write])[0].get()
        }
        print("  state saves/s, \(Self.appenders) tasks: \(saves)")
        let appends = await rate(Self.appenders) { _, _ in try await append("one", 1) }
        print("  appends/s, \(Self.appenders) tasks, one stream: \(appends)")
        let spread = await rate(Self.appenders) { task, _ in try await append("many-\(task)", 1) }
        print("  appends/s, \(Self.appenders) tasks, a stream each: \(spread)")
        let watch = try await neighbour.watch { _ in }
        await watch.setStreams(["one"])
        let watched = await rate(Self.appenders) { _, _ in try await append("one", 1) }
        await watch.cancel()
        print("  appends/s, \(Self.appenders) tasks, one stream that a neighbour watches: \(watched)")
        let single = await rate(1) { _, _ in try await append("one", 1) }
        print("  appends/s, one task: \(single)")
        let hundreds = await rate(1) { _, _ in try await append("one", 100) }
        print("  events/s, one task, 100 in a call: \(hundreds * 100)")
        let checkpoints = await rate(1) { _, index in
            try await log.save([Checkpoint(stream: "one", partition: 0, position: Int64(index))], of: "c")
        }
        print("  checkpoints/s, one task: \(checkpoints)")
        try await reads()
        try await wakeups()
    }

    func seed(_ count: Int) async throws {
        let missing = count - Int(try await log.head())
        for index in 0..<max(missing / 1000, 0) { try await append("seed-\(index % 10)", 1000) }
    }

    private func reads() async throws {
        let extent = try await log.extent(of: "one")
        let start = ContinuousClock.now
        var position = (extent.lastPosition ?? 0) - 200_000
        var count = 0
        while true {
            let slice = try await log.read("one", after: position, limit: EventReadLimit())
            count += slice.events.count
            guard !slice.isAtEnd, let last = slice.events.last else { break }
            position = last.position
        }
        print("  events/s read of a stream, 256 in a call: \(Int(Double(count) / seconds(since: start)))")
        let found = await rate(1) { _, index in
            let revision = Int64(index) * 7919 % extent.nextRevision
            _ = try await log.read("one", from: revision, limit: EventReadLimit(count: 1))
        }
        print("  reads/s by revision, one event: \(found)")
    }

    /// From the return of an append to the call of a watch in the other handle.
    private func wakeups() async throws {
        let box = Box()
        let watch = try await neighbour.watch { _ in box.value.withLock { $0 = .now } }
        await watch.setStreams(["woken"])
        try await Task.sleep(for: .milliseconds(100))
        var delays: [Duration] = []
        for _ in 0..<300 {
            box.value.withLock { $0 = nil }
            try await append("woken", 1)
            let start = ContinuousClock.now
            while box.value.withLock({ $0 }) == nil { try await Task.sleep(for: .microseconds(50)) }
            delays.append((box.value.withLock { $0 } ?? start) - start)
            try await Task.sleep(for: .milliseconds(2))
        }
        await watch.cancel()
        delays.sort()
        let (p50, p99) = (delays[150] / .microseconds(1), delays[296] / .microseconds(1))
        print("  woken by a neighbour: p50 \(p50) µs, p99 \(p99) µs")
    }

    // MARK: - Means

    private func append(_ stream: String, _ count: Int) async throws {
        let event = NewEvent(id: "00000000-0000-0000-0000-000000000000", type: "com.example.event", data: Self.data)
        _ = try await log.append([EventAppend(stream, Array(repeating: event, count: count))])[0].get()
    }

    /// How often each second all tasks together finish `body`.
    private func rate(_ tasks: Int, _ body: @escaping @Sendable (Int, Int) async throws -> Void) async -> Int {
        let start = ContinuousClock.now
        let end = start + .seconds(Self.seconds)
        let count = await withTaskGroup(of: Int.self) { group in
            for task in 0..<tasks {
                group.addTask {
                    var count = 0
                    while ContinuousClock.now < end, (try? await body(task, count)) != nil { count += 1 }
                    return count
                }
            }
            return await group.reduce(0, +)
        }
        return Int(Double(count) / seconds(since: start))
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double { (ContinuousClock.now - start) / .seconds(1) }

    private func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// What this process gave to write calls.
    private func writtenBytes() -> Int {
        guard let file = fopen("/proc/self/io", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        while fgets(&line, 128, file) != nil {
            let bytes = line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
            let text = String(decoding: bytes, as: UTF8.self)
            if text.hasPrefix("wchar: ") { return Int(text.dropFirst(7)) ?? 0 }
        }
        return 0
    }

    private func walPages() -> Int {
        var status = stat()
        return stat(walPath, &status) == 0 ? status.st_size / 4120 : 0
    }
}

private final class Box: Sendable {
    let value = Mutex<ContinuousClock.Instant?>(nil)
}
