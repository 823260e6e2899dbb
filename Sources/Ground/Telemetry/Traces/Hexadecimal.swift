// SPDX-License-Identifier: Apache-2.0

extension Span<UInt8> {
    /// The number that so many lower-case hexadecimal digits are, at most 16; nil if they aren't all digits.
    func hexadecimal(from start: Int, count: Int) -> UInt64? {
        var value: UInt64 = 0
        for index in start..<start + count {
            let digit: UInt8
            switch self[index] {
            case let byte where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
                digit = byte - UInt8(ascii: "0")
            case let byte where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte):
                digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            value = value << 4 | UInt64(digit)
        }
        return value
    }

    func hasDash(at index: Int) -> Bool { self[index] == UInt8(ascii: "-") }
}

extension UInt64 {
    /// Sixteen lower-case hexadecimal digits.
    package var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
