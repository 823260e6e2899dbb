// SPDX-License-Identifier: Apache-2.0

/// What one event loop has counted of one proxy: plain numbers in one array, a row for each route and upstream that
/// have met.
///
/// A row is found with a request's route and upstream once, and stays what it is when the configuration changes, so
/// that a request which began before is counted where it belongs.
package final class HTTPProxyCounters {
    /// A row of the table.
    package struct Row: Sendable, BitwiseCopyable {
        fileprivate let first: Int
    }

    /// Rows that a process makes in its life, however often its configuration changes; what comes after shares the
    /// last one.
    package static let rowsMax = 4096
    /// What the names of the shared row are.
    static let sharedName = "other"

    // Safe: all of it belongs to the loop's thread, and nothing that is called while one changes comes back to it.
    @exclusivity(unchecked) package var clients = HTTPClientCounters()
    /// Requests whose answer isn't over.
    @exclusivity(unchecked) package var inFlight = 0
    @exclusivity(unchecked) private var numbers: ContiguousArray<UInt64> = []
    /// For each route and behind them none, each upstream and behind them none: where its row begins, or -1.
    @exclusivity(unchecked) private var places: ContiguousArray<Int> = []
    @exclusivity(unchecked) private var errors: ContiguousArray<UInt64>
    private var names: HTTPProxyNames
    private var rows: [HTTPProxyCounts.Pair] = []
    private let statusColumns = CountedStatus.columns

    package init(_ names: HTTPProxyNames) {
        self.names = names
        errors = ContiguousArray(repeating: 0, count: ExchangeOrigin.allCases.count * CountedStatus.count)
        places = ContiguousArray(repeating: -1, count: names.pairCount)
    }

    /// Takes the names of a changed configuration. The shares of splits are measured from here on.
    package func apply(_ names: HTTPProxyNames) {
        self.names = names
        places = ContiguousArray(repeating: -1, count: names.pairCount)
        for index in rows.indices {
            let first = index * Columns.count
            numbers[first + Columns.earlier] = numbers[first + Columns.requests]
        }
    }

    // MARK: - A request

    /// The row of a request.
    ///
    /// - Parameters:
    ///   - route: its index in the configuration; nil if none matches, or the request can't be read.
    ///   - upstream: the same of its upstream; nil if the proxy answers itself.
    @inline(__always)
    package func row(route: Int?, upstream: Int?) -> Row {
        let place = names.place(route: route ?? names.routes.count, upstream: upstream ?? names.upstreams.count)
        let first = places[place]
        return first >= 0 ? Row(first: first) : makeRow(at: place, route, upstream)
    }

    /// Counts a request whose answer is over.
    @inline(__always)
    package func ended(
        _ row: Row, status: Int, origin: ExchangeOrigin, nanoseconds: Int64, bytesIn: Int, bytesOut: Int
    ) {
        let column = statusColumns[status < CountedStatus.statusEnd ? max(status, 0) : 0]
        let value = UInt64(max(nanoseconds, 1))
        numbers[row.first + Columns.requests] += 1
        numbers[row.first + Columns.nanoseconds] += value
        numbers[row.first + Columns.bytesIn] += UInt64(bytesIn)
        numbers[row.first + Columns.bytesOut] += UInt64(bytesOut)
        numbers[row.first + Columns.statuses + Int(column)] += 1
        numbers[row.first + Columns.buckets + LatencyBuckets.index(of: value)] += 1
        guard status >= 400 || status < 100 else { return }
        errors[Int(origin.rawValue) * CountedStatus.count + Int(column)] += 1
    }

    /// A request is sent again.
    @inline(__always)
    package func retried(_ row: Row) { numbers[row.first + Columns.retries] += 1 }

    private func makeRow(at place: Int, _ route: Int?, _ upstream: Int?) -> Row {
        let own = HTTPProxyCounts.Pair(
            route: route.map { names.routes[$0] } ?? "", upstream: upstream.map { names.upstreams[$0] } ?? "")
        let known = rows.firstIndex(of: own)
        let isShared = known == nil && rows.count >= Self.rowsMax
        let pair = isShared ? HTTPProxyCounts.Pair(route: Self.sharedName, upstream: Self.sharedName) : own
        let index = known ?? rows.firstIndex(of: pair) ?? rows.count
        if index == rows.count {
            rows.append(pair)
            numbers.append(contentsOf: repeatElement(0, count: Columns.count))
        }
        places[place] = index * Columns.count
        return Row(first: index * Columns.count)
    }

    /// What has been counted up to now.
    package func counts() -> HTTPProxyCounts {
        var counts = HTTPProxyCounts()
        counts.clients = clients
        counts.inFlight = inFlight
        counts.errors = Array(errors)
        counts.exchanges = rows.enumerated().map { index, pair in
            HTTPProxyCounts.Exchanges(
                pair: pair, numbers: Array(numbers[index * Columns.count..<(index + 1) * Columns.count]))
        }
        return counts
    }

    /// What stands where in a row.
    enum Columns {
        static let requests = 0
        /// Those before the configuration changed last.
        static let earlier = 1
        static let nanoseconds = 2
        static let bytesIn = 3
        static let bytesOut = 4
        static let retries = 5
        static let statuses = 6
        static let buckets = statuses + CountedStatus.count
        static let count = buckets + LatencyBuckets.count
    }
}

/// What the routes and upstreams of a proxy are called, in the order of its configuration.
package struct HTTPProxyNames: Sendable, Equatable {
    package var routes: [String]
    package var upstreams: [String]

    package init(routes: [String], upstreams: [String]) {
        self.routes = routes
        self.upstreams = upstreams
    }

    fileprivate var pairCount: Int { (routes.count + 1) * (upstreams.count + 1) }

    @inline(__always)
    fileprivate func place(route: Int, upstream: Int) -> Int { route * (upstreams.count + 1) + upstream }
}

/// What one loop has counted of one proxy's clients.
package struct HTTPClientCounters: Sendable, Equatable {
    package var open = 0
    package var accepted: UInt64 = 0
    /// More than there may be.
    package var refused: UInt64 = 0
    /// Connections that ended with an error of the socket.
    package var errors: UInt64 = 0
    /// Requests that can't be read.
    package var malformed: UInt64 = 0
    /// Answers that couldn't be completed once they had begun.
    package var aborted: UInt64 = 0
    package var handshakes: UInt64 = 0
    package var handshakesFailed: UInt64 = 0

    package init() {}

    package static func += (sum: inout HTTPClientCounters, other: HTTPClientCounters) {
        sum.open += other.open
        sum.accepted += other.accepted
        sum.refused += other.refused
        sum.errors += other.errors
        sum.malformed += other.malformed
        sum.aborted += other.aborted
        sum.handshakes += other.handshakes
        sum.handshakesFailed += other.handshakesFailed
    }
}
