// SPDX-License-Identifier: Apache-2.0

extension RedisMerge {
    /// What takes the replies of so many servers.
    func replies(parts: Int) -> FanOut {
        switch self {
        case .same: OneReply(parts: parts)
        case .sum: NumberReplies(parts: parts, .sum)
        case .maximum: NumberReplies(parts: parts, .maximum)
        case .elements: ElementsReplies(parts: parts)
        case .allHave: ElementwiseReplies(parts: parts, .minimum)
        case .counts: ElementwiseReplies(parts: parts, .sum)
        case .anyValue: AnyReply(parts: parts)
        case .info: InfoReplies(parts: parts)
        }
    }
}

extension RedisSplit {
    /// What takes the replies to the parts of a command.
    func replies(_ parts: RedisParts) -> FanOut {
        switch self {
        case .values: ValuesReplies(parts)
        case .total(let total): total.replies(parts: parts.parts.count)
        }
    }

    /// What takes the replies to a command of so many keys that goes to its servers in slices.
    func slicedReplies(keys: Int) -> SlicedReplies {
        switch self {
        case .values: SlicedValues(keys: keys)
        case .total(let total): SlicedTotal(total)
        }
    }
}

extension RedisTotal {
    /// What makes one of so many replies.
    func replies(parts: Int) -> KeptReplies {
        switch self {
        case .sum: NumberReplies(parts: parts, .sum)
        case .ok: OneReply(parts: parts)
        }
    }
}
