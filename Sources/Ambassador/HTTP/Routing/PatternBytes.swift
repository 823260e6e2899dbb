// SPDX-License-Identifier: Apache-2.0

/// The bytes of many short texts in one array, so that what is compared with requests needs no text of its own.
struct PatternBytes: Sendable {
    /// Where a text lies.
    struct Place: Sendable {
        var start: Int32
        var end: Int32

        static let none = Place(start: 0, end: 0)

        @inline(__always) var range: Range<Int> { Int(start)..<Int(end) }
        @inline(__always) var count: Int { Int(end - start) }
    }

    private var bytes: ContiguousArray<UInt8> = []

    mutating func add(_ text: String) -> Place {
        let start = Int32(bytes.count)
        bytes.append(contentsOf: text.utf8)
        return Place(start: start, end: Int32(bytes.count))
    }

    subscript(_ place: Place) -> ContiguousArray<UInt8>.SubSequence { bytes[place.range] }

    /// Whether these bytes are that text.
    @inline(__always)
    func isSame(_ place: Place, _ other: borrowing Span<UInt8>, from start: Int, count: Int) -> Bool {
        guard place.count == count else { return false }
        return begins(with: place, other, from: start)
    }

    /// Whether that text stands in the bytes at `start`; there must be as many bytes from there on.
    @inline(__always)
    func begins(with place: Place, _ other: borrowing Span<UInt8>, from start: Int) -> Bool {
        let own = Int(place.start)
        for offset in 0..<place.count where bytes[own + offset] != other[start + offset] { return false }
        return true
    }

    /// As `isSame`, for a text in lower case and bytes whose case doesn't count.
    @inline(__always)
    func isSameIgnoringCase(_ place: Place, _ other: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard place.count == range.count else { return false }
        let own = Int(place.start)
        for offset in 0..<place.count where bytes[own + offset] != other[range.lowerBound + offset].inLowerCase {
            return false
        }
        return true
    }

    /// Whether bytes of a query are that text once they are decoded: escapes, and plus signs for spaces.
    func isSameDecoded(_ place: Place, _ query: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        var own = Int(place.start)
        let value = query.extracting(range)
        var index = 0
        while index < value.count {
            let isSpace = value[index] == UInt8(ascii: "+")
            let (byte, width) = value.decodedByte(at: index)
            guard own < Int(place.end), bytes[own] == (isSpace ? 0x20 : byte) else { return false }
            own += 1
            index += width
        }
        return own == Int(place.end)
    }
}

extension UInt8 {
    /// ASCII's letters in lower case, anything else as it is.
    @inline(__always)
    var inLowerCase: UInt8 { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self }
}
