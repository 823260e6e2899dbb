// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import WireRESP

/// Integers that become one: DEL and DBSIZE add up, PUBSUB NUMPAT takes the largest.
final class NumberReplies: KeptReplies {
    enum Rule: Sendable {
        case sum, maximum
    }

    private let rule: Rule

    init(parts: Int, _ rule: Rule) {
        self.rule = rule
        super.init(parts: parts)
    }

    override func merge(into output: inout ByteBuffer) -> Bool {
        var result = 0
        for reply in replies {
            guard let number = reply.respInteger else { return false }
            let (sum, overflow) = result.addingReportingOverflow(number)
            if rule == .sum, overflow { return false }
            result = rule == .sum ? sum : max(result, number)
        }
        output.writeRESP(":", result)
        return true
    }
}

/// Arrays of integers for the same arguments, element by element: SCRIPT EXISTS and PUBSUB NUMSUB.
final class ElementwiseReplies: KeptReplies {
    enum Rule: Sendable {
        /// The smallest integer: what all servers have.
        case minimum
        /// The sum of the integers; what isn't an integer is alike everywhere.
        case sum
    }

    private let rule: Rule

    init(parts: Int, _ rule: Rule) {
        self.rule = rule
        super.init(parts: parts)
    }

    override func merge(into output: inout ByteBuffer) -> Bool {
        var arrays: [ReplyElements] = []
        for reply in replies {
            guard let elements = ReplyElements(reply), elements.count == (arrays.first?.count ?? elements.count) else {
                return false
            }
            arrays.append(elements)
        }
        guard let count = arrays.first?.count else { return false }
        var merged = ByteBuffer()
        for _ in 0..<count {
            guard merge(nextOf: &arrays, into: &merged) else { return false }
        }
        output.writeRESP("*", count)
        output.writeBuffer(&merged)
        return true
    }

    private func merge(nextOf arrays: inout [ReplyElements], into output: inout ByteBuffer) -> Bool {
        var result: Int?
        for index in arrays.indices {
            guard let element = arrays[index].next() else { return false }
            guard let number = element.respInteger else {
                if index == 0 { output.writeImmutableBuffer(element) }
                continue
            }
            switch rule {
            case .minimum: result = min(result ?? number, number)
            case .sum:
                let (sum, overflow) = (result ?? 0).addingReportingOverflow(number)
                if overflow { return false }
                result = sum
            }
        }
        if let result { output.writeRESP(":", result) }
        return true
    }
}

extension ByteBuffer {
    /// The number, if these bytes are one integer.
    var respInteger: Int? {
        guard readableBytes > 3, readableBytesUInt8Span[0] == UInt8(ascii: ":") else { return nil }
        return getString(at: readerIndex + 1, length: readableBytes - 3).flatMap { Int($0) }
    }
}
