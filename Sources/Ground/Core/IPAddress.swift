// SPDX-License-Identifier: Apache-2.0

import Glibc

#if os(Linux)
// As in LaneMailbox.swift, for the members of `in6_addr`.
import SwiftOverlayShims
#endif

/// An address of the internet protocol, without a port.
///
/// One of version 4 is kept as version 6 maps it (`::ffff:10.0.0.1`), so that a client is the same whichever kind of
/// listener it came to.
package struct IPAddress: Sendable, Hashable {
    /// The first and the last eight bytes.
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package init(v4 number: UInt32) { self.init(high: 0, low: 0xFFFF << 32 | UInt64(number)) }

    package var isV4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// The number of an address of version 4; of another one the last four bytes.
    package var v4: UInt32 { UInt32(truncatingIfNeeded: low) }

    /// Reads `10.0.0.1`, `2001:db8::1`; nil for anything else, also for leading zeros, ports, brackets and zones.
    package init?(text: String) {
        // C would read the beginning alone.
        guard !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr))
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self = withUnsafeBytes(of: &v6) { bytes in
                // Safe: it has sixteen bytes, and every eight of them are an integer.
                unsafe IPAddress(
                    high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                    low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
            }
        } else {
            return nil
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// `10.0.0.1`, `2001:db8::1`.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isV4 {
            var address = in_addr(s_addr: v4.bigEndian)
            inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
        } else {
            var words = (high.bigEndian, low.bigEndian)
            inet_ntop(AF_INET6, &words, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// All addresses that begin with the same bits: `10.0.0.0/8`, `fd00::/8`, or a single one.
package struct AddressRange: Sendable, Hashable {
    /// The lowest of them.
    package let first: IPAddress
    /// How many of its 128 bits all of them have.
    private let bits: Int

    /// Reads an address alone, or with the number of bits that count behind a slash. The bits that don't count may be
    /// anything, and are forgotten.
    package init?(text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddress(text: String($0)) }) else { return nil }
        // A range of version 4 lies behind the 96 bits that map it, unless it is written in version 6.
        let offset = parts[0].contains(":") ? 0 : 96
        var bits = 128
        if parts.count == 2 {
            guard let number = Int(parts[1]), !parts[1].hasPrefix("+"), (0...128 - offset).contains(number) else {
                return nil
            }
            bits = offset + number
        }
        self.bits = bits
        first = IPAddress(high: address.high & Self.mask(bits), low: address.low & Self.mask(bits - 64))
    }

    package func contains(_ address: IPAddress) -> Bool {
        (address.high ^ first.high) & Self.mask(bits) == 0 && (address.low ^ first.low) & Self.mask(bits - 64) == 0
    }

    /// A word whose first bits are set: none below zero, all above 64.
    private static func mask(_ bits: Int) -> UInt64 {
        bits <= 0 ? 0 : bits >= 64 ? .max : ~(.max >> UInt64(bits))
    }
}

extension AddressRange: CustomStringConvertible {
    package var description: String {
        if bits == 128 { return first.description }
        return "\(first)/\(first.isV4 && bits >= 96 ? bits - 96 : bits)"
    }
}
