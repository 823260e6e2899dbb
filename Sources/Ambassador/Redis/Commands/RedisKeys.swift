// SPDX-License-Identifier: Apache-2.0

internal import WireRESP

/// Where one command's keys are among its arguments.
struct RedisKeys: Sendable, Equatable {
    /// The first of them; further ones lie each `step` behind.
    private(set) var first = 0
    private(set) var count = 0
    private(set) var step = 1
    /// One more that lies apart, behind or before the others; zero if there is none.
    private(set) var apart = 0
    /// Whether an option says that the server may wait before it answers.
    private(set) var blocks = false

    /// All keys, with the one apart.
    var total: Int { count + (apart > 0 ? 1 : 0) }

    /// Finds them. What says how many there are, or that there are others elsewhere, is read strictly: a server that
    /// read it in another way would touch keys that aren't its own.
    init(
        _ rule: RedisKeyRule, of command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) {
        switch rule {
        case .none: break
        case .at(let index):
            first = Int(index)
            count = 1
        case .range(let first, let last, let step):
            try setRange(first: Int(first), last: Int(last), step: Int(step), arguments: command.argumentCount)
        case .counted(let index): try setCounted(at: Int(index), command, bytes)
        case .countedWithResult(let index):
            try setCounted(at: Int(index), command, bytes)
            apart = 1
        case .streams: try setStreams(command, bytes)
        case .sort:
            first = 1
            count = 1
            try findSortOptions(command, bytes)
        case .storeOption(let index):
            first = 1
            count = 1
            findStore(from: Int(index), command, bytes)
        }
    }

    private mutating func setRange(first: Int, last: Int, step: Int, arguments: Int) throws(RedisRefusal) {
        let end = last < 0 ? arguments + last + 1 : min(last + 1, arguments)
        guard end > first, (end - first) % step == 0 else {
            // Only a command that may come without keys, such as UNSUBSCRIBE, has so few arguments.
            if end == first { return }
            throw .arity
        }
        self.first = first
        self.step = step
        count = (end - first) / step
    }

    private mutating func setCounted(
        at index: Int, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) {
        let number = try number(bytes, command[index])
        guard number <= command.argumentCount - index - 1 else { throw .tooManyKeys }
        first = index + 1
        count = number
    }

    private func number(_ bytes: borrowing Span<UInt8>, _ place: RESPPlace) throws(RedisRefusal) -> Int {
        // So many digits are more keys than a command can have.
        guard (1...9).contains(place.length) else { throw .numberOfKeys }
        var number = 0
        for index in place.range {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else { throw .numberOfKeys }
            number = number * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        guard place.length == 1 || bytes[place.offset] != UInt8(ascii: "0") else { throw .numberOfKeys }
        return number
    }

    /// `XREAD [COUNT n] [BLOCK ms] STREAMS key … id …`; XREADGROUP has `GROUP group consumer` and `NOACK` too.
    private mutating func setStreams(
        _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) {
        var options = RedisOptions(command, bytes, from: 1)
        while let option = options.next(bytes) {
            switch option {
            case .count, .claim: options.skip(1, bytes)
            case .group: options.skip(2, bytes)
            case .noAck: break
            case .block:
                blocks = true
                options.skip(1, bytes)
            case .streams:
                let left = command.argumentCount - options.index
                guard left > 0, left % 2 == 0 else { throw .syntax }
                first = options.index
                count = left / 2
                return
            default: throw .syntax
            }
        }
        throw .syntax
    }

    /// `SORT key [BY pattern] [LIMIT from count] [GET pattern …] [STORE key]`. A pattern without a star names no key.
    private mutating func findSortOptions(
        _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) {
        var options = RedisOptions(command, bytes, from: 2)
        while let option = options.next(bytes) {
            switch option {
            case .limit: options.skip(2, bytes)
            case .by, .get:
                guard let pattern = options.take(bytes) else { return }
                for index in pattern.range where bytes[index] == UInt8(ascii: "*") { throw .sortPattern }
            case .store:
                guard options.take(bytes) != nil else { return }
                apart = options.index - 1
            default: break
            }
        }
    }

    private mutating func findStore(from index: Int, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>) {
        var options = RedisOptions(command, bytes, from: index)
        while let option = options.next(bytes) {
            guard option == .store || option == .storeDist, options.take(bytes) != nil else { continue }
            apart = options.index - 1
        }
    }
}

/// Walks a command's keys.
struct RedisKeyWalk: Sendable {
    private var arguments: RESPArguments
    private let keys: RedisKeys
    private var index = 0
    /// Where the key's header begins and where what belongs to it ends: for a command with step 2 that is its value.
    private(set) var begin = 0

    init(_ keys: RedisKeys, of command: RESPCommand) {
        self.keys = keys
        arguments = RESPArguments(command)
    }

    /// The next key's place; `begin` is that of its header.
    mutating func next(_ bytes: borrowing Span<UInt8>) -> RESPPlace? {
        while index <= max(lastIndex, keys.apart) {
            begin = arguments.nextHeader
            guard let place = arguments.next(bytes) else { return nil }
            index += 1
            if isKey(index - 1) { return place }
        }
        return nil
    }

    /// Passes the value that follows a key, and returns where the next header begins.
    mutating func passValue(_ bytes: borrowing Span<UInt8>) -> Int {
        if keys.step > 1, arguments.next(bytes) != nil { index += 1 }
        return arguments.nextHeader
    }

    private var lastIndex: Int { keys.first + (keys.count - 1) * keys.step }

    private func isKey(_ index: Int) -> Bool {
        if index == keys.apart, index > 0 { return true }
        return index >= keys.first && index <= lastIndex && (index - keys.first) % keys.step == 0
    }
}
