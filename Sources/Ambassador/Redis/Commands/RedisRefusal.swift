// SPDX-License-Identifier: Apache-2.0

internal import WireRESP

/// Why a command goes to no server. The client's connection stays open.
enum RedisRefusal: Error, Sendable, Equatable {
    case unknown
    case unknownSubcommand
    case arity
    /// The keys have different servers, and the command can't be split.
    case crossSlot
    case numberOfKeys
    case tooManyKeys
    case syntax
    case sortPattern
    case notInTransaction

    // Commands that are known and not offered.
    case administrative
    case cluster
    case connectionBound
    case monitoring

    /// The error's line, from its code on.
    func text(_ command: RESPCommand, _ bytes: borrowing Span<UInt8>) -> String {
        let name = Self.words(command, bytes, from: 0, count: 1).first ?? ""
        switch self {
        case .unknown:
            let words = Self.words(command, bytes, from: 1, count: 8)
            return "ERR unknown command '\(name)', with args beginning with: "
                + words.map { "'\($0)' " }.joined()
        case .unknownSubcommand:
            let word = Self.words(command, bytes, from: 1, count: 1).first ?? ""
            return "ERR unknown subcommand '\(word)'. Try \(name.uppercased()) HELP."
        case .arity: return "ERR wrong number of arguments for '\(name.lowercased())' command"
        case .crossSlot: return "CROSSSLOT Keys in request don't hash to the same slot"
        case .numberOfKeys: return "ERR value is not an integer or out of range"
        case .tooManyKeys: return "ERR Number of keys can't be greater than number of args"
        case .syntax: return "ERR syntax error"
        case .sortPattern: return "ERR BY and GET patterns of SORT are not supported: they name keys of other servers"
        case .notInTransaction: return "ERR Command not allowed inside a transaction"
        case .administrative: return Self.unsupported(name, "servers are administered one by one")
        case .cluster: return "ERR This instance has cluster support disabled"
        case .connectionBound: return Self.unsupported(name, "it concerns a server's connection, which clients share")
        case .monitoring: return Self.unsupported(name, "it streams from one server")
        }
    }

    private static func unsupported(_ name: String, _ reason: String) -> String {
        "ERR unsupported command '\(name)': \(reason)"
    }

    /// Of each word so many bytes are said again, as Redis does.
    private static let wordBytesMax = 128

    private static func words(
        _ command: RESPCommand, _ bytes: borrowing Span<UInt8>, from first: Int, count: Int
    ) -> [String] {
        var arguments = RESPArguments(command)
        var words: [String] = []
        var index = 0
        var room = wordBytesMax
        while index < first + count, room > 0, let place = arguments.next(bytes) {
            index += 1
            guard index > first else { continue }
            let word = (0..<min(place.length, room)).map { bytes[place.offset + $0] }
            room -= word.count
            words.append(String(decoding: word, as: UTF8.self))
        }
        return words
    }
}
