// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Keys in base64 (RFC 4648), as the meta flag `b` has them.
///
/// memcached passes over bytes that are no base64; here they are refused, so that the key which is hashed is the one
/// that the server finds.
package enum MemcachedBase64 {
    /// Appends what the base64 of a command's key stands for. It must be of a command that the scanner has taken.
    package static func decode(
        _ bytes: borrowing Span<UInt8>, _ place: MemcachedPlace, into output: inout ByteBuffer
    ) {
        var bits: UInt32 = 0
        var count = 0
        for index in place.range {
            guard let value = value(of: bytes[index]) else { break }
            bits = bits << 6 | UInt32(value)
            // Each letter after the first of four completes a byte and leaves 4, 2 or 0 bits for the next.
            let spareBits = 6 - 2 * (count & 3)
            count += 1
            if spareBits < 6 { output.writeInteger(UInt8(truncatingIfNeeded: bits >> spareBits)) }
        }
    }

    static func isValid(_ bytes: borrowing Span<UInt8>, _ place: MemcachedPlace) -> Bool {
        guard !place.isEmpty, place.length % 4 == 0 else { return false }
        var end = place.end
        while end > place.end - 2, bytes[end - 1] == UInt8(ascii: "=") { end -= 1 }
        for index in place.offset..<end where value(of: bytes[index]) == nil { return false }
        return true
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
