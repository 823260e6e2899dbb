// SPDX-License-Identifier: Apache-2.0

/// What a proxy has counted up to a moment, on one event loop or on all of them together.
package struct HTTPProxyCounts: Sendable, Equatable {
    /// A route and an upstream by name; empty is none.
    package struct Pair: Sendable, Hashable {
        package var route: String
        package var upstream: String
    }

    /// What became of the requests of one route that went to one upstream.
    package struct Exchanges: Sendable, Equatable {
        package private(set) var pair: Pair
        /// As in `HTTPProxyCounters.Columns`.
        fileprivate(set) var numbers: [UInt64]

        private typealias Columns = HTTPProxyCounters.Columns

        package var requests: UInt64 { numbers[Columns.requests] }
        /// Since the configuration changed last.
        package var requestsOfConfiguration: UInt64 { numbers[Columns.requests] - numbers[Columns.earlier] }
        package var seconds: Double { Double(numbers[Columns.nanoseconds]) / 1e9 }
        package var bytesIn: UInt64 { numbers[Columns.bytesIn] }
        package var bytesOut: UInt64 { numbers[Columns.bytesOut] }
        package var retries: UInt64 { numbers[Columns.retries] }
        var buckets: ArraySlice<UInt64> { numbers[Columns.buckets..<Columns.count] }

        /// Each status that has come, as in `CountedStatus.names`, and how often.
        var statuses: [(column: Int, count: UInt64)] {
            (0..<CountedStatus.count).compactMap { column in
                let count = numbers[Columns.statuses + column]
                return count > 0 ? (column, count) : nil
            }
        }

        /// The same under another name.
        func of(_ pair: Pair) -> Exchanges {
            var other = self
            other.pair = pair
            return other
        }

        /// Requests by the first digit of their status.
        package func requests(ofClass digit: Int) -> UInt64 {
            statuses.reduce(0) { $0 + (CountedStatus.classes[$1.column] == digit ? $1.count : 0) }
        }
    }

    package var clients = HTTPClientCounters()
    package var inFlight = 0
    package var exchanges: [Exchanges] = []
    /// For each origin and status.
    var errors: [UInt64] = []

    package init() {}

    package static func += (sum: inout HTTPProxyCounts, other: HTTPProxyCounts) {
        sum.clients += other.clients
        sum.inFlight += other.inFlight
        if sum.errors.isEmpty {
            sum.errors = other.errors
        } else {
            for index in other.errors.indices { sum.errors[index] += other.errors[index] }
        }
        for exchanges in other.exchanges {
            if let index = sum.exchanges.firstIndex(where: { $0.pair == exchanges.pair }) {
                for column in exchanges.numbers.indices {
                    sum.exchanges[index].numbers[column] += exchanges.numbers[column]
                }
            } else {
                sum.exchanges.append(exchanges)
            }
        }
    }
}
