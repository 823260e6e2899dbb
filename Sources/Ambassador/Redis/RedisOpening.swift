// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What is said on each new connection to a server.
struct RedisOpening {
    /// Nil: no user, as Redis before version 6 has it.
    var username: String?
    var password: String?
    /// Where clients that selected none are.
    var database = 0

    func bytes(for session: RedisSession) -> ShardOpening {
        var opening = ShardOpening()
        opening.isWished = session != RedisSession()
        if session.version == 3 {
            var words = ["HELLO", "3"]
            if let password { words += ["AUTH", username ?? "default", password] }
            opening.add(words)
        } else if let password {
            opening.add(["AUTH"] + (username.map { [$0] } ?? []) + [password])
        }
        if session.database + database > 0 { opening.add(["SELECT", "\(session.database + database)"]) }
        return opening
    }
}

extension RedisOpening {
    /// What a server that was ejected is asked: one that loads its data, or lost its password, isn't well.
    func bytesOfProbe() -> ShardOpening {
        var opening = bytes(for: RedisSession())
        opening.add(["PING"])
        return opening
    }
}

extension ShardOpening {
    fileprivate mutating func add(_ words: [String]) {
        bytes.writeCommand(words.map { Array($0.utf8) })
        replies += 1
    }
}

extension ByteBuffer {
    /// A command as an array of strings.
    mutating func writeCommand(_ words: [[UInt8]]) {
        writeString("*\(words.count)\r\n")
        for word in words {
            writeString("$\(word.count)\r\n")
            writeBytes(word)
            writeString("\r\n")
        }
    }
}
