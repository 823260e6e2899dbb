// SPDX-License-Identifier: Apache-2.0

internal import Core
import Synchronization

/// Compares what the mirrors of one route have gathered on all event loops.
///
/// The loops hand over bytes, and do nothing else: one task on the pool reads and compares them, one after the other.
/// While it can't keep up, what comes is dropped and counted.
package final class Comparator: Sendable {
    /// The most exchanges that wait.
    package static let waitingMax = 200
    /// The most bytes of those, if one exchange may not have more.
    static let waitingBytesMin = 16 << 20

    private struct Waiting {
        var exchanges: [ComparedExchange] = []
        var bytes = 0
        var dropped = 0
        /// A task is at work.
        var isDrained = false
    }

    /// The most bytes of those that wait.
    let waitingBytesMax: Int
    private let comparison: ResponseComparison
    private let waiting = Mutex(Waiting())
    let ledger: Mutex<ComparisonLedger>

    package init(_ configuration: MirrorConfiguration) {
        waitingBytesMax = max(Self.waitingBytesMin, ComparedExchange.answersMax * configuration.body.bytes)
        comparison = ResponseComparison(ignoring: configuration.ignore)
        ledger = Mutex(ComparisonLedger(samplesMax: configuration.samples))
    }

    /// Takes an exchange, unless too many wait.
    package func offer(_ exchange: ComparedExchange) {
        let begins = waiting.withLock { waiting in
            guard waiting.exchanges.count < Self.waitingMax, waiting.bytes + exchange.bytes <= waitingBytesMax else {
                waiting.dropped += 1
                return false
            }
            waiting.exchanges.append(exchange)
            waiting.bytes += exchange.bytes
            defer { waiting.isDrained = true }
            return !waiting.isDrained
        }
        if begins { Task { await drain() } }
    }

    /// What has been found up to now.
    package func report() -> ComparisonReport {
        var report = ledger.withLock { $0.whole }
        report.dropped = waiting.withLock { $0.dropped }
        return report
    }

    private func drain() async {
        while let batch = next() {
            for exchange in batch {
                let result = exchange.compare(comparison)
                ledger.withLock { $0.note(exchange, result, at: .now()) }
                // The pool is for others too.
                await Task.yield()
            }
        }
    }

    /// All that waits; nil at the end of the work. What is taken is still bounded: as much may come meanwhile.
    private func next() -> [ComparedExchange]? {
        waiting.withLock { waiting in
            guard !waiting.exchanges.isEmpty else {
                waiting.isDrained = false
                return nil
            }
            defer {
                waiting.exchanges = []
                waiting.bytes = 0
            }
            return waiting.exchanges
        }
    }
}
