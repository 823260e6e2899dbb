// SPDX-License-Identifier: Apache-2.0

import Core
package import WireHTTP

extension ForwardedFields {
    /// Where a request that came through trusted proxies says who its client is: the last address of `X-Forwarded-For`
    /// that isn't one of theirs, or the first if all are. Nil if whoever connected is the client.
    package func client(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>
    ) -> Range<Int>? {
        guard isTrusted, head.present.contains(.xForwardedFor) else { return nil }
        var found: Range<Int>?
        for field in head.fields.reversed() where field.name == .xForwardedFor {
            var end = field.valueRange.upperBound
            while end > field.valueRange.lowerBound {
                var start = end
                while start > field.valueRange.lowerBound, bytes[start - 1] != UInt8(ascii: ",") { start -= 1 }
                var (first, last) = (start, end)
                while first < last, bytes[first] == 0x20 || bytes[first] == 0x09 { first += 1 }
                while last > first, bytes[last - 1] == 0x20 || bytes[last - 1] == 0x09 { last -= 1 }
                let element = first..<last
                end = start - 1
                if element.isEmpty { continue }
                found = element
                if !isTrusted(String(decoding: element.map { bytes[$0] }, as: UTF8.self)) { return found }
            }
        }
        return found
    }

    private func isTrusted(_ text: String) -> Bool {
        IPAddress(text: text).map { address in trusted.contains { $0.contains(address) } } ?? false
    }
}
