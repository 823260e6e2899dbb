// SPDX-License-Identifier: Apache-2.0

/// A pattern as `KEYS` of Redis has it: `*`, `?`, `[abc]`, `[^a-z]`, and a backslash before what is meant itself.
struct BytePattern: Sendable, Equatable {
    private enum Element: Sendable, Equatable {
        case byte(UInt8)
        case one
        case many
        case set(ranges: [ClosedRange<UInt8>], isInverted: Bool)

        func takes(_ byte: UInt8) -> Bool {
            switch self {
            case .byte(let wanted): wanted == byte
            case .one: true
            case .many: false
            case .set(let ranges, let isInverted): ranges.contains { $0.contains(byte) } != isInverted
            }
        }
    }

    private var elements: [Element] = []

    init(_ text: String) {
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "*"): elements.append(.many)
            case UInt8(ascii: "?"): elements.append(.one)
            case UInt8(ascii: "["): elements.append(Self.set(&rest))
            case UInt8(ascii: "\\"): elements.append(.byte(rest.popFirst() ?? byte))
            default: elements.append(.byte(byte))
            }
        }
    }

    /// What follows an opening bracket, up to the closing one or the end.
    private static func set(_ rest: inout ArraySlice<UInt8>) -> Element {
        var ranges: [ClosedRange<UInt8>] = []
        let isInverted = rest.first == UInt8(ascii: "^")
        if isInverted { rest.removeFirst() }
        while let byte = rest.popFirst(), byte != UInt8(ascii: "]") {
            let first = byte == UInt8(ascii: "\\") ? rest.popFirst() ?? byte : byte
            guard rest.first == UInt8(ascii: "-"), let last = rest.dropFirst().first, last != UInt8(ascii: "]") else {
                ranges.append(first...first)
                continue
            }
            rest.removeFirst(2)
            ranges.append(min(first, last)...max(first, last))
        }
        return .set(ranges: ranges, isInverted: isInverted)
    }

    /// Whether all of `bytes` match. Only the last star is ever gone back to, so the time is bounded by the product of
    /// both lengths.
    func matches(_ bytes: borrowing Span<UInt8>) -> Bool {
        var element = 0
        var index = 0
        // Behind the last star, and how far it reaches.
        var star: (element: Int, index: Int)?
        while index < bytes.count {
            if element < elements.count, elements[element] == .many {
                element += 1
                star = (element, index)
            } else if element < elements.count, elements[element].takes(bytes[index]) {
                element += 1
                index += 1
            } else if let last = star {
                element = last.element
                index = last.index + 1
                star = (element, index)
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { $0 == .many }
    }
}
