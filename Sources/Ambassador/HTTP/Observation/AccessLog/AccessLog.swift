// SPDX-License-Identifier: Apache-2.0

package import Core
package import NIOCore
package import Proxying
package import Telemetry
package import WireHTTP

/// What is known of a request at its end.
package struct AccessLogFacts {
    package var status: Int
    package var origin: ExchangeOrigin
    /// From its head to the end of the answer.
    package var nanoseconds: Int64
    package var bytesIn: Int
    package var bytesOut: Int
    /// Empty is none.
    package var route: String
    package var upstream: String
    package var endpoint: String
    package var retries: Int

    package init(
        status: Int, origin: ExchangeOrigin, nanoseconds: Int64, bytesIn: Int = 0, bytesOut: Int = 0,
        route: String = "", upstream: String = "", endpoint: String = "", retries: Int = 0
    ) {
        self.status = status
        self.origin = origin
        self.nanoseconds = nanoseconds
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.route = route
        self.upstream = upstream
        self.endpoint = endpoint
        self.retries = retries
    }
}

/// The access log of one proxy on one event loop: lines gather here and go to the file together, so that no request
/// waits for a disk or takes a lock.
package final class AccessLog {
    /// So many bytes go to the file at once; fewer after `flushDelay`.
    static let flushBytes = 32 << 10
    static let flushDelay = TimeAmount.milliseconds(200)
    /// Entries that are kept for requests to come.
    static let spareEntriesMax = 256

    private let plan: AccessLogPlan
    private let file: AccessLogFile
    private let eventLoop: any EventLoop
    private let sample: Percentage
    private let lowestStatus: Int
    private let slowNanoseconds: Int64
    // Safe: all of it belongs to the loop's thread, and nothing that is called while one changes comes back to it.
    @exclusivity(unchecked) private var lines = ByteBuffer()
    @exclusivity(unchecked) private var lineCount = 0
    @exclusivity(unchecked) private var spare: [AccessLogEntry] = []
    @exclusivity(unchecked) private var random: SmallGenerator
    @exclusivity(unchecked) private var second: (number: Int64, text: [UInt8]) = (-1, [])
    private var isFlushDue = false

    package init(
        _ configuration: AccessLogConfiguration, proxy: String, file: AccessLogFile, eventLoop: any EventLoop,
        random: SmallGenerator = SmallGenerator()
    ) {
        plan = AccessLogPlan(configuration, proxy: proxy)
        self.file = file
        self.eventLoop = eventLoop
        sample = configuration.sample
        lowestStatus = configuration.status ?? .max
        slowNanoseconds = configuration.slow > .zero ? TimeAmount(configuration.slow).nanoseconds : .max
        self.random = random
    }

    // MARK: - A request

    /// Keeps what its line says of a request; the entry goes with it until `end` or `drop`. A request that couldn't be
    /// read has no head: `begin(peer:)`.
    ///
    /// - Parameters:
    ///   - peer: the address of who connected, as text.
    ///   - client: where the head says whom the request is from (`ForwardedFields.client`).
    ///   - trace: the one that it belongs to, if that isn't the head's to say.
    package func begin(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, peer: [UInt8], client: Range<Int>?,
        trace: TraceContext? = nil
    ) -> AccessLogEntry {
        let entry = freshEntry()
        plan.keepRequest(entry, head, bytes, peer: peer, client: client, trace: trace)
        return entry
    }

    /// As the other, for a request that couldn't be read.
    package func begin(peer: [UInt8]) -> AccessLogEntry {
        let entry = freshEntry()
        for index in 0..<plan.requestCount where [.client, .peer].contains(plan.kept[index].field) {
            entry.keep(index, peer.span)
        }
        return entry
    }

    /// Keeps what its line says of the response of a server.
    package func noteResponse(
        _ entry: AccessLogEntry, _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>
    ) {
        if plan.kept.count > plan.requestCount { plan.keepResponse(entry, head, bytes) }
    }

    /// Writes the line of a request that is over, if it is one of those that are written. `now` is the time of day.
    package func end(_ entry: AccessLogEntry, _ facts: AccessLogFacts, now: UTCTime = .now()) {
        if facts.status >= lowestStatus || facts.nanoseconds >= slowNanoseconds || sample.includes(random.next()) {
            write(entry, facts, now)
            lineCount += 1
            if lines.readableBytes >= Self.flushBytes { flush() } else { flushLater() }
        }
        if spare.count < Self.spareEntriesMax { spare.append(entry) }
    }

    private func freshEntry() -> AccessLogEntry {
        guard let entry = spare.popLast() else { return AccessLogEntry(count: plan.kept.count) }
        entry.reset()
        return entry
    }

    // MARK: - A line

    private func write(_ entry: AccessLogEntry, _ facts: AccessLogFacts, _ now: UTCTime) {
        let kept = entry.bytes
        for piece in plan.pieces {
            switch piece {
            case .literal(let bytes): lines.writeBytes(bytes)
            case .kept(let index):
                if let place = entry.place(of: index) {
                    writeText(kept.readableBytesUInt8Span.extracting(place))
                } else {
                    writeNothing()
                }
            case .known(let field): write(field, facts, now)
            }
        }
    }

    private func write(_ field: AccessLogField, _ facts: AccessLogFacts, _ now: UTCTime) {
        switch field {
        case .time: writeTime(now.before(nanoseconds: facts.nanoseconds))
        case .status: lines.writeDecimal(UInt64(max(facts.status, 0)))
        case .origin: writeText(facts.origin.name)
        case .bytesIn: lines.writeDecimal(UInt64(max(facts.bytesIn, 0)))
        case .bytesOut: lines.writeDecimal(UInt64(max(facts.bytesOut, 0)))
        case .duration:
            let microseconds = UInt64(max(facts.nanoseconds, 0) / 1000)
            lines.writeDecimal(microseconds / 1_000_000)
            lines.writeStaticString(".")
            lines.writeDecimal(microseconds % 1_000_000, width: 6)
        case .retries: lines.writeDecimal(UInt64(max(facts.retries, 0)))
        case .route: writeName(facts.route)
        case .upstream: writeName(facts.upstream)
        case .endpoint: writeName(facts.endpoint)
        default: writeNothing()
        }
    }

    private func writeName(_ name: String) {
        if name.isEmpty { writeNothing() } else { writeText(name.utf8.span) }
    }

    private func writeText(_ bytes: borrowing Span<UInt8>) {
        if plan.isJSON { lines.writeJSONText(bytes) } else { lines.writeLogText(bytes) }
    }

    /// A text of our own, in which nothing must be escaped.
    private func writeText(_ text: StaticString) {
        if plan.isJSON { lines.writeInteger(UInt8(ascii: "\"")) }
        lines.writeStaticString(text)
        if plan.isJSON { lines.writeInteger(UInt8(ascii: "\"")) }
    }

    private func writeNothing() { lines.writeStaticString(plan.isJSON ? "null" : "-") }

    /// `2026-03-01T12:00:00.005Z`; all of it but the fraction is made once for each second.
    private func writeTime(_ time: UTCTime) {
        if second.number != time.seconds {
            second = (time.seconds, Array(UTCTime(seconds: time.seconds).rfc3339.utf8.dropLast()))
        }
        if plan.isJSON { lines.writeInteger(UInt8(ascii: "\"")) }
        lines.writeBytes(second.text)
        lines.writeStaticString(".")
        lines.writeDecimal(UInt64(time.nanoseconds / 1_000_000), width: 3)
        lines.writeStaticString("Z")
        if plan.isJSON { lines.writeInteger(UInt8(ascii: "\"")) }
    }

    // MARK: - To the file

    private func flushLater() {
        guard !isFlushDue else { return }
        isFlushDue = true
        eventLoop.assumeIsolated().scheduleTask(in: Self.flushDelay) {
            self.isFlushDue = false
            self.flush()
        }
    }

    /// Hands over what has gathered; if the file is too far behind, it is dropped and counted there.
    package func flush() {
        guard lineCount > 0 else { return }
        file.write(lines, lineCount: lineCount)
        lines = ByteBuffer()
        lineCount = 0
    }
}

extension UTCTime {
    fileprivate func before(nanoseconds count: Int64) -> UTCTime {
        let (seconds, rest) = count.quotientAndRemainder(dividingBy: 1_000_000_000)
        let isBorrowed = rest > nanoseconds
        return UTCTime(
            seconds: self.seconds - seconds - (isBorrowed ? 1 : 0),
            nanoseconds: nanoseconds - rest + (isBorrowed ? 1_000_000_000 : 0))
    }
}
