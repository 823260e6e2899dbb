// SPDX-License-Identifier: Apache-2.0

/// Many clients that send requests and check every reply.
///
/// Without a rate each connection sends a pipeline of requests, waits for all their replies and sends the next. With
/// a rate each request is sent at its time, whether or not earlier ones are answered, and its latency counts from the
/// time at which it was to be sent: a server that stalls can't hide what it made others wait.
final class Load {
    /// How long after the end replies are waited for.
    private static let drainNanosecondsMax: UInt64 = 10_000_000_000
    private static let idleNanosecondsMax: UInt64 = 50_000_000
    /// How long latencies aren't recorded: all clients come at once, which isn't what they are measured for.
    private static let warmUpNanoseconds: UInt64 = 300_000_000

    private let options: Options
    private var workload: Workload
    private var connections: [Connection] = []
    private let events: EventQueue
    private var result = LoadResult()
    private var inFlight = 0
    private var scheduledCount = 0
    private var begin: UInt64 = 0
    private var end: UInt64 = 0

    init(_ options: Options) throws(SystemError) {
        self.options = options
        workload = Workload(
            keyCount: options.keys, valueLength: options.valueBytes, getShare: options.getShare,
            keysPerRead: options.keysPerRead, seed: UInt64(options.seed))
        events = try EventQueue()
        for token in 0..<options.connections {
            let connection = try Connection(port: options.port)
            try events.add(connection.descriptor, token: token)
            connections.append(connection)
        }
    }

    func run() throws -> LoadResult {
        begin = monotonicNanoseconds()
        end = begin + UInt64(options.seconds * 1e9)
        if options.rate == 0 {
            for token in connections.indices { try sendPipeline(token, now: begin) }
        }
        var now = begin
        while now < end || (inFlight > 0 && now < end + Self.drainNanosecondsMax) {
            if options.rate > 0 { try sendDue(now) }
            guard result.closed < connections.count else { break }
            try events.wait(nanoseconds: nanosecondsToWait(now)) { try handle($0) }
            now = monotonicNanoseconds()
        }
        result.seconds = Double(monotonicNanoseconds() - begin) / 1e9
        result.unanswered += inFlight
        return result
    }

    private func nanosecondsToWait(_ now: UInt64) -> UInt64 {
        guard options.rate > 0, now < end else { return Self.idleNanosecondsMax }
        let due = dueTime(of: scheduledCount)
        return due > now ? min(due - now, Self.idleNanosecondsMax) : 0
    }

    private func dueTime(of number: Int) -> UInt64 { begin + UInt64(Double(number) / Double(options.rate) * 1e9) }

    private func handle(_ event: EventQueue.Event) throws {
        let connection = connections[event.token]
        guard connection.isOpen else { return }
        do throws(Connection.Failure) {
            if event.canWrite { try flush(event.token) }
            try connection.read()
        } catch {
            return lose(connection)
        }
        try takeReplies(of: connection)
        if options.rate == 0 && connection.isOpen && connection.expected.isEmpty {
            let now = monotonicNanoseconds()
            if now < end { try sendPipeline(event.token, now: now) }
        }
    }

    // MARK: Sending

    private func sendPipeline(_ token: Int, now: UInt64) throws {
        for _ in 0..<options.pipeline { append(to: connections[token], since: now) }
        flushOrLose(token)
    }

    private func sendDue(_ now: UInt64) throws {
        let first = scheduledCount
        while now < end, dueTime(of: scheduledCount) <= now {
            let connection = connections[scheduledCount % connections.count]
            if connection.isOpen { append(to: connection, since: dueTime(of: scheduledCount)) }
            scheduledCount += 1
        }
        for number in first..<min(scheduledCount, first + connections.count) {
            flushOrLose(number % connections.count)
        }
    }

    private func append(to connection: Connection, since: UInt64) {
        var expectation = workload.appendRequest(to: &connection.output)
        expectation.since = since
        connection.expected.append(expectation)
        inFlight += 1
    }

    private func flushOrLose(_ token: Int) {
        guard connections[token].isOpen else { return }
        do throws(Connection.Failure) { try flush(token) } catch { lose(connections[token]) }
    }

    private func flush(_ token: Int) throws(Connection.Failure) {
        let connection = connections[token]
        let isDone = try connection.flush()
        guard connection.waitsToWrite == isDone else { return }
        do throws(SystemError) {
            try events.change(connection.descriptor, token: token, alsoWrites: !isDone)
        } catch {
            throw .closed
        }
        connection.waitsToWrite = !isDone
    }

    private func lose(_ connection: Connection) {
        result.closed += 1
        result.unanswered += connection.expected.count
        inFlight -= connection.expected.count
        connection.shut()
    }

    // MARK: Replies

    private func takeReplies(of connection: Connection) throws {
        let now = monotonicNanoseconds()
        // Once for all of them: asking the connection for each reply's bytes would cost as much as reading it.
        let input = connection.input
        var start = connection.unread.lowerBound
        let end = connection.unread.upperBound
        do throws(Reply.Failure) {
            while start < end, let reply = try Reply.parse(input, from: start, to: end) {
                take(reply, in: input, of: connection, now: now)
                start = reply.end
            }
            connection.pass(to: start)
        } catch {
            // Nothing after it can be told apart any more.
            result.noteWrong("not a reply: \(error)")
            lose(connection)
        }
    }

    private func take(_ reply: Reply, in input: [UInt8], of connection: Connection, now: UInt64) {
        if connection.elementsLeft > 0 {
            takeElement(reply, in: input, of: connection)
            if connection.elementsLeft > 0 { return }
        } else if let expectation = connection.expected.first {
            guard takeWhole(reply, expectation, in: input, of: connection) else { return }
        } else {
            return result.noteWrong("a reply that nobody asked for: \(reply.text(in: input))")
        }
        guard let expectation = connection.expected.popFirst() else { return }
        if expectation.since >= begin + Self.warmUpNanoseconds {
            result.latency.record(now - min(now, expectation.since))
        }
        result.requests += 1
        inFlight -= 1
    }

    /// Checks a reply that is not an array's element; false if its elements are still to come.
    private func takeWhole(
        _ reply: Reply, _ expectation: Expectation, in input: [UInt8], of connection: Connection
    ) -> Bool {
        if reply.isError {
            result.noteError(reply.text(in: input), key: expectation.key)
            return true
        }
        switch expectation.kind {
        case .value: checkValue(reply, in: input, key: expectation.key)
        case .saved:
            let isOK = reply.kind == UInt8(ascii: "+") && reply.payload.count == 2
            if !isOK { result.noteWrong("SET of key \(expectation.key): \(reply.text(in: input))") }
        case .values:
            guard reply.elementCount == options.keysPerRead else {
                result.noteWrong("MGET from key \(expectation.key): \(reply.elementCount ?? -1) elements")
                return true
            }
            connection.elementsLeft = options.keysPerRead
            connection.elementKey = expectation.key
            return false
        }
        return true
    }

    private func takeElement(_ reply: Reply, in input: [UInt8], of connection: Connection) {
        if reply.isError {
            result.noteError(reply.text(in: input), key: connection.elementKey)
        } else {
            checkValue(reply, in: input, key: connection.elementKey)
        }
        connection.elementsLeft -= 1
        connection.elementKey = (connection.elementKey + 1) % options.keys
    }

    private func checkValue(_ reply: Reply, in input: [UInt8], key: Int) {
        guard reply.kind == UInt8(ascii: "$") else {
            return result.noteWrong("GET of key \(key): kind \(reply.kind), \(reply.text(in: input))")
        }
        if reply.isNull {
            result.nulls += 1
        } else if Workload.key(of: reply.payload, in: input) != key {
            result.noteWrong("GET of key \(key): \(reply.text(in: input))")
        }
    }
}
