// SPDX-License-Identifier: Apache-2.0

internal import WireRESP

/// Walks the options of a command, for those that move keys or make the server wait.
struct RedisOptions {
    enum Option: Sendable {
        case count, block, noAck, group, claim, streams, by, get, limit, store, storeDist, other
    }

    private var arguments: RESPArguments
    /// The argument that comes next.
    private(set) var index: Int

    init(_ command: RESPCommand, _ bytes: borrowing Span<UInt8>, from first: Int) {
        arguments = RESPArguments(command)
        index = 0
        skip(first, bytes)
    }

    /// The next option, or another argument.
    mutating func next(_ bytes: borrowing Span<UInt8>) -> Option? {
        guard let place = take(bytes) else { return nil }
        let name = RESPName(bytes, at: place.offset, length: place.length)
        return Self.options.first { $0.name == name }?.option ?? .other
    }

    /// The next argument, whatever it is.
    mutating func take(_ bytes: borrowing Span<UInt8>) -> RESPPlace? {
        guard let place = arguments.next(bytes) else { return nil }
        index += 1
        return place
    }

    mutating func skip(_ count: Int, _ bytes: borrowing Span<UInt8>) {
        for _ in 0..<count where take(bytes) == nil { return }
    }

    private static let options: [(name: RESPName, option: Option)] = [
        (RESPName("COUNT"), .count), (RESPName("BLOCK"), .block), (RESPName("NOACK"), .noAck),
        (RESPName("GROUP"), .group), (RESPName("CLAIM"), .claim), (RESPName("STREAMS"), .streams),
        (RESPName("BY"), .by), (RESPName("GET"), .get), (RESPName("LIMIT"), .limit), (RESPName("STORE"), .store),
        (RESPName("STOREDIST"), .storeDist),
    ]
}
