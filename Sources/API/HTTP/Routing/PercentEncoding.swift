// SPDX-License-Identifier: Apache-2.0

extension Span where Element == UInt8 {
    func matches(_ text: StaticString, _ range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<range.count {
            // Safe: the index is below the literal's count of bytes.
            guard self[range.lowerBound + index] == text.utf8Start[index] else { return false }
        }
        return true
    }

    /// The text of a part of a path or of a query: `%XX` is a byte, and `+` a space, in paths too, because Dapr reads
    /// them so.
    func decoded(_ range: Range<Int>) throws(RequestTarget.Failure) -> String {
        guard hasEscapes(range) else {
            do { return String(copying: try UTF8Span(validating: extracting(range))) } catch { throw .encodingInvalid }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            switch self[index] {
            case UInt8(ascii: "%"):
                guard index + 2 < range.upperBound, let high = hexadecimal(index + 1), let low = hexadecimal(index + 2)
                else {
                    throw .encodingInvalid
                }
                bytes.append(high << 4 | low)
                index += 3
            case UInt8(ascii: "+"):
                bytes.append(UInt8(ascii: " "))
                index += 1
            case let byte:
                bytes.append(byte)
                index += 1
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .encodingInvalid }
        return text
    }

    private func hasEscapes(_ range: Range<Int>) -> Bool {
        for index in range where self[index] == UInt8(ascii: "%") || self[index] == UInt8(ascii: "+") { return true }
        return false
    }

    private func hexadecimal(_ index: Int) -> UInt8? {
        switch self[index] {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self[index] - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self[index] - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self[index] - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Whether a segment names a building block of Dapr's API that this program doesn't have.
    func isUnimplemented(_ range: Range<Int>) -> Bool {
        for block: StaticString in [
            "bindings", "configuration", "secrets", "lock", "unlock", "actors", "crypto",
            "subtlecrypto",
            "workflows", "jobs", "conversation",
        ] where matches(block, range) {
            return true
        }
        return false
    }
}
