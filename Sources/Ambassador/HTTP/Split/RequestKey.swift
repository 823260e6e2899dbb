// SPDX-License-Identifier: Apache-2.0

import Proxying
import WireHTTP

/// The part of a request whose hash makes a choice that stays: for splits, and for upstreams that are balanced by hash.
struct RequestKey: Sendable {
    private enum Part { case header, cookie, query, path, address }

    private let part: Part
    private let name: PatternBytes.Place
    private let bytes: PatternBytes

    private init(_ part: Part, _ name: String = "") {
        self.part = part
        var bytes = PatternBytes()
        self.name = bytes.add(name)
        self.bytes = bytes
    }

    /// Nil: nothing is sticky.
    init?(_ sticky: StickyConfiguration) {
        if let header = sticky.header {
            self.init(.header, header.lowercased())
        } else if let cookie = sticky.cookie {
            self.init(.cookie, cookie)
        } else if let query = sticky.query {
            self.init(.query, query)
        } else if sticky.address {
            self.init(.address)
        } else {
            return nil
        }
    }

    /// Without anything else it is the client's address.
    init(_ key: BalanceKeyConfiguration) {
        if let header = key.header {
            self.init(.header, header.lowercased())
        } else if let cookie = key.cookie {
            self.init(.cookie, cookie)
        } else if let query = key.query {
            self.init(.query, query)
        } else {
            self.init(key.path ? .path : .address)
        }
    }

    /// Whether it is the client's address, and nothing that the request has to say.
    var isAddress: Bool { part == .address }

    /// Nil if the request doesn't say it.
    ///
    /// - Parameter addressHash: any hash of the client's address.
    func hash(
        of head: borrowing HTTPHeadScan, _ request: borrowing Span<UInt8>, addressHash: UInt64
    ) -> UInt64? {
        let value: Range<Int>?
        switch part {
        case .address: return addressHash
        case .path: value = head.path
        case .header: value = request.firstValue(of: name, bytes, in: head)
        case .cookie: value = request.cookie(name, bytes, in: head)
        case .query: value = request.parameter(name, bytes, in: head.query)
        }
        guard let value, !value.isEmpty else { return nil }
        return KeyHash.xxh3.hash(request.extracting(value))
    }
}

extension Span<UInt8> {
    /// The value of the first field with a name.
    func firstValue(
        of name: PatternBytes.Place, _ names: PatternBytes, in head: borrowing HTTPHeadScan
    ) -> Range<Int>? {
        for index in head.fields.indices {
            let field = head.fields[index]
            if names.isSameIgnoringCase(name, self, field.nameRange) { return field.valueRange }
        }
        return nil
    }

    /// The value of the first cookie with a name, as it came.
    fileprivate func cookie(
        _ name: PatternBytes.Place, _ names: PatternBytes, in head: borrowing HTTPHeadScan
    ) -> Range<Int>? {
        guard head.present.contains(.cookie) else { return nil }
        for index in head.fields.indices where head.fields[index].name == .cookie {
            let field = head.fields[index].valueRange
            var start = field.lowerBound
            while start < field.upperBound {
                let cookie = cookie(from: start, in: field)
                if names.isSame(name, self, from: cookie.name.lowerBound, count: cookie.name.count) {
                    return cookie.value
                }
                start = cookie.next
            }
        }
        return nil
    }

    /// The value of the first parameter with a name, as it came.
    fileprivate func parameter(_ name: PatternBytes.Place, _ names: PatternBytes, in query: Range<Int>?) -> Range<Int>?
    {
        guard let query else { return nil }
        var start = query.lowerBound
        while start < query.upperBound {
            let parameter = parameter(from: start, in: query)
            if names.isSameDecoded(name, self, parameter.name) { return parameter.value }
            start = parameter.value.upperBound + 1
        }
        return nil
    }
}
