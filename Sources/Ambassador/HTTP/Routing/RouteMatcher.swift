// SPDX-License-Identifier: Apache-2.0

import WireHTTP

/// The matches of all routes, in the order in which they are tried: plain numbers and one array of bytes, so that
/// looking for a route neither allocates nor counts references.
///
/// They are tried one after the other. The first eight bytes of the path, which mostly tell two routes apart, are
/// compared at once.
struct RouteMatcher: Sendable {
    /// A match for one host, or for any.
    private struct Entry: Sendable {
        enum Host: UInt8 { case any, exact, below }

        var route: Int32
        var hostKind: Host
        var isExactPath: Bool
        var host: PatternBytes.Place
        var path: PatternBytes.Place
        /// The first bytes of the path, and which of them count.
        var word: UInt64
        var mask: UInt64
        var methods: Range<Int32>
        var fields: Range<Int32>
        var parameters: Range<Int32>
    }

    /// A name with the value that it must have.
    private struct Test: Sendable {
        var name: PatternBytes.Place
        var value: PatternBytes.Place
        var isAnyValue: Bool
    }

    private var bytes = PatternBytes()
    private var entries: ContiguousArray<Entry> = []
    private var methods: ContiguousArray<PatternBytes.Place> = []
    private var tests: ContiguousArray<Test> = []
    private let root: ContiguousArray<UInt8> = [UInt8(ascii: "/")]
    private var looksAtHosts = false
    /// Without it no reading of a path leads anywhere else, so that any may pass.
    private var looksAtPaths = false

    /// - Parameter ranked: the matches in their order, each with the place of its route.
    init(_ ranked: [(match: RankedMatch, route: Int)]) {
        for (match, route) in ranked { add(match, route: route) }
    }

    private mutating func add(_ ranked: RankedMatch, route: Int) {
        let match = ranked.match
        let path = match.path.path
        var (word, mask) = (UInt64(0), UInt64(0))
        for (index, byte) in path.utf8.prefix(8).enumerated() {
            word |= UInt64(byte) << UInt64(index * 8)
            mask |= 0xFF << UInt64(index * 8)
        }
        var entry = Entry(
            route: Int32(route), hostKind: .any, isExactPath: false, host: .none, path: bytes.add(path), word: word,
            mask: mask, methods: 0..<0, fields: 0..<0, parameters: 0..<0)
        if case .exact = match.path { entry.isExactPath = true }
        looksAtPaths = looksAtPaths || match.path != .prefix("/")
        switch ranked.host {
        case .exact(let name): (entry.hostKind, entry.host) = (.exact, bytes.add(name))
        case .below(let suffix): (entry.hostKind, entry.host) = (.below, bytes.add(suffix))
        case nil: break
        }
        looksAtHosts = looksAtHosts || ranked.host != nil
        let firstMethod = Int32(methods.count)
        for method in match.methods { methods.append(bytes.add(method)) }
        entry.methods = firstMethod..<Int32(methods.count)
        entry.fields = add(match.header.map { ($0.name.lowercased(), $0.value) })
        entry.parameters = add(match.query.map { ($0.name, $0.value) })
        entries.append(entry)
    }

    private mutating func add(_ pairs: [(String, String)]) -> Range<Int32> {
        let start = Int32(tests.count)
        for (name, value) in pairs {
            tests.append(Test(name: bytes.add(name), value: bytes.add(value), isAnyValue: value == "*"))
        }
        return start..<Int32(tests.count)
    }

    // MARK: - Looking for a route

    /// The place of the route of a request, or nil if there is none.
    func route(
        _ head: borrowing HTTPHeadScan, _ request: borrowing Span<UInt8>
    ) throws(HTTPSyntaxError) -> Int? {
        let host = looksAtHosts ? request.hostName(head.host) : 0..<0
        let isPath = !head.path.isEmpty && request[head.path.lowerBound] == UInt8(ascii: "/")
        // `*`, an authority, and the empty path of a URL are what only the root matches.
        guard looksAtPaths, isPath else { return find(root.span, head, request, host) }
        let path = request.extracting(head.path)
        if PathReadings.isPlain(path) { return find(path, head, request, host) }
        let readings = try PathReadings(path)
        let found = find(readings.literal.span, head, request, host)
        guard find(readings.folded.span, head, request, host) == found else {
            throw HTTPSyntaxError("the path can be read in two ways, which lead to different routes")
        }
        return found
    }

    @inline(__always)
    private func find(
        _ path: borrowing Span<UInt8>, _ head: borrowing HTTPHeadScan, _ request: borrowing Span<UInt8>,
        _ host: Range<Int>
    ) -> Int? {
        var word: UInt64 = 0
        for index in 0..<min(path.count, 8) { word |= UInt64(path[index]) << UInt64(index * 8) }
        for index in entries.indices {
            let entry = entries[index]
            guard (word ^ entry.word) & entry.mask == 0, matches(entry, path: path) else { continue }
            guard entry.hostKind == .any || matches(entry, host: host, request) else { continue }
            guard entry.methods.isEmpty || matches(entry, method: head.method, request) else { continue }
            guard entry.fields.isEmpty || matchesFields(entry, head, request) else { continue }
            guard entry.parameters.isEmpty || matchesQuery(entry, head.query, request) else { continue }
            return Int(entry.route)
        }
        return nil
    }

    @inline(__always)
    private func matches(_ entry: Entry, path: borrowing Span<UInt8>) -> Bool {
        let count = entry.path.count
        guard path.count >= count else { return false }
        if entry.isExactPath {
            guard path.count == count else { return false }
        } else if count > 1, path.count > count, path[count] != UInt8(ascii: "/") {
            return false
        }
        return count <= 8 || bytes.begins(with: entry.path, path, from: 0)
    }

    private func matches(_ entry: Entry, host: Range<Int>, _ request: borrowing Span<UInt8>) -> Bool {
        guard entry.hostKind == .below else { return bytes.isSameIgnoringCase(entry.host, request, host) }
        // Something must stand before the dot.
        guard host.count > entry.host.count else { return false }
        return bytes.isSameIgnoringCase(entry.host, request, host.upperBound - entry.host.count..<host.upperBound)
    }

    private func matches(_ entry: Entry, method: Range<Int>, _ request: borrowing Span<UInt8>) -> Bool {
        for index in entry.methods
        where bytes.isSame(methods[Int(index)], request, from: method.lowerBound, count: method.count) { return true }
        return false
    }

    private func matchesFields(
        _ entry: Entry, _ head: borrowing HTTPHeadScan, _ request: borrowing Span<UInt8>
    ) -> Bool {
        for index in entry.fields where !hasField(tests[Int(index)], head, request) { return false }
        return true
    }

    private func hasField(_ test: Test, _ head: borrowing HTTPHeadScan, _ request: borrowing Span<UInt8>) -> Bool {
        for index in head.fields.indices {
            let field = head.fields[index]
            guard bytes.isSameIgnoringCase(test.name, request, field.nameRange) else { continue }
            let value = field.valueRange
            if test.isAnyValue || bytes.isSame(test.value, request, from: value.lowerBound, count: value.count) {
                return true
            }
        }
        return false
    }

    private func matchesQuery(_ entry: Entry, _ query: Range<Int>?, _ request: borrowing Span<UInt8>) -> Bool {
        guard let query else { return false }
        for index in entry.parameters where !hasParameter(tests[Int(index)], query, request) { return false }
        return true
    }

    private func hasParameter(_ test: Test, _ query: Range<Int>, _ request: borrowing Span<UInt8>) -> Bool {
        var start = query.lowerBound
        while start <= query.upperBound {
            let (name, value) = request.parameter(from: start, in: query)
            if bytes.isSameDecoded(test.name, request, name),
                test.isAnyValue || bytes.isSameDecoded(test.value, request, value)
            {
                return true
            }
            start = value.upperBound + 1
        }
        return false
    }
}
