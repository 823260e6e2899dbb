// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What all servers say to one command.
class MemcachedBroadcast: FanOut {
    fileprivate struct Answer {
        var text: String
        var isError: Bool
    }

    fileprivate var answers: [Answer?]

    override init(parts: Int) {
        answers = Array(repeating: nil, count: parts)
        super.init(parts: parts)
    }

    final override func receive(_ part: UInt16, _ reply: ByteBuffer, _ kind: ReplyKind) {
        answers[Int(part)] = Answer(text: String(buffer: reply), isError: kind == .refusal)
    }

    fileprivate var firstError: String? { answers.lazy.compactMap { $0 }.first(where: \.isError)?.text }
}

/// `OK`, if every server says so; otherwise what the first one says that doesn't.
final class MemcachedAcknowledgement: MemcachedBroadcast {
    private let isSilent: Bool

    init(parts: Int, isSilent: Bool) {
        self.isSilent = isSilent
        super.init(parts: parts)
    }

    override func write(into output: inout ByteBuffer) {
        if !isSilent { output.writeString(firstError ?? "OK\r\n") }
    }
}

/// The oldest version that any server has, as clients ask for it to know what they may send. A server that can't be
/// asked doesn't count, unless none can.
final class MemcachedVersion: MemcachedBroadcast {
    override func write(into output: inout ByteBuffer) {
        let versions = answers.compactMap { $0?.isError == false ? $0?.text : nil }
        let oldest = versions.min { Self.numbers($0).lexicographicallyPrecedes(Self.numbers($1)) }
        output.writeString(oldest ?? firstError ?? "")
    }

    /// The numbers in `VERSION 1.6.18`.
    private static func numbers(_ text: String) -> [Int] {
        text.split { !$0.isNumber }.map { Int($0) ?? 0 }
    }
}

/// Every server's statistics, with its name before theirs: `STAT a:curr_items 5`. What servers count differs in kind
/// (a time, a process, a sum), so that nothing is added up; and a server that can't be asked says so among the others.
final class MemcachedStatistics: MemcachedBroadcast {
    private let servers: [String]

    init(servers: [String]) {
        self.servers = servers
        super.init(parts: servers.count)
    }

    override func write(into output: inout ByteBuffer) {
        let texts = answers.compactMap { $0?.text }
        // `stats reset` and its like have one line, and so has what no server understands.
        if let first = texts.first, !first.hasPrefix("STAT "), first != "END\r\n", texts.allSatisfy({ $0 == first }) {
            output.writeString(first)
            return
        }
        for (server, answer) in zip(servers, answers) {
            guard let answer else { continue }
            for line in answer.text.split(separator: "\r\n") where line != "END" {
                output.writeString(Self.named(line, server))
            }
        }
        output.writeStaticString("END\r\n")
    }

    private static func named(_ line: Substring, _ server: String) -> String {
        for word in ["STAT ", "ITEM ", "PREFIX "] where line.hasPrefix(word) {
            return "\(word)\(server):\(line.dropFirst(word.count))\r\n"
        }
        return "STAT \(server):reply \(line)\r\n"
    }
}
