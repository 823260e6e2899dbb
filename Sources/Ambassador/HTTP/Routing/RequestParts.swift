// SPDX-License-Identifier: Apache-2.0

// What routes and splits look at in a request, in place.
extension Span<UInt8> {
    /// The name in `Host`: without its port, and without the dot that may end a name.
    func hostName(_ host: Range<Int>?) -> Range<Int> {
        guard let host else { return 0..<0 }
        var end = nameEnd(of: host)
        if end > host.lowerBound, self[end - 1] == UInt8(ascii: ".") { end -= 1 }
        return host.lowerBound..<end
    }

    /// Where the colon of a host's port stands, or the host ends.
    func nameEnd(of host: Range<Int>) -> Int {
        var index = host.upperBound - 1
        // Only digits can be a port; the colons of IPv6 are inside of brackets.
        while index >= host.lowerBound, self[index] >= UInt8(ascii: "0"), self[index] <= UInt8(ascii: "9") {
            index -= 1
        }
        return index >= host.lowerBound && self[index] == UInt8(ascii: ":") ? index : host.upperBound
    }

    /// The name and the value of the parameter of a query that begins at `start`; without `=` the value is empty. Both
    /// as they came.
    func parameter(from start: Int, in query: Range<Int>) -> (name: Range<Int>, value: Range<Int>) {
        var end = start
        var equals: Int?
        while end < query.upperBound, self[end] != UInt8(ascii: "&") {
            if equals == nil, self[end] == UInt8(ascii: "=") { equals = end }
            end += 1
        }
        return (start..<(equals ?? end), (equals.map { $0 + 1 } ?? end)..<end)
    }

    /// The name and the value of the cookie that begins at `start` of a `Cookie` field's value, and where the next one
    /// begins (RFC 6265, section 4.2.1).
    func cookie(from start: Int, in field: Range<Int>) -> (name: Range<Int>, value: Range<Int>, next: Int) {
        var first = start
        while first < field.upperBound, self[first] == 0x20 || self[first] == 0x09 { first += 1 }
        var end = first
        var equals: Int?
        while end < field.upperBound, self[end] != UInt8(ascii: ";") {
            if equals == nil, self[end] == UInt8(ascii: "=") { equals = end }
            end += 1
        }
        return (first..<(equals ?? end), (equals.map { $0 + 1 } ?? end)..<end, end + 1)
    }
}
