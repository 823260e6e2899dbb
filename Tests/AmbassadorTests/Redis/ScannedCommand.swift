// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireRESP

@testable import Ambassador

/// A command as a client sent it.
struct ScannedCommand {
    let bytes: [UInt8]
    let command: RESPCommand

    init(_ words: [String]) {
        var buffer = ByteBuffer()
        buffer.writeRESPCommand(words)
        let bytes = Array(buffer.readableBytesView)
        var scanner = RESPCommandScanner()
        guard case .complete(let command) = scanner.scan(bytes.span) else {
            preconditionFailure("\(words) is no command.")
        }
        self.bytes = bytes
        self.command = command
    }

    init(_ text: String) { self.init(text.split(separator: " ").map(String.init)) }

    func find() throws(RedisRefusal) -> RedisCommand { try RedisCommandTable.standard.find(command, bytes.span) }

    func findKeys() throws(RedisRefusal) -> RedisKeys {
        try RedisKeys(try find().keys, of: command, bytes.span)
    }

    /// The keys, as the walk finds them.
    func walkKeys() throws(RedisRefusal) -> [String] {
        var walk = RedisKeyWalk(try findKeys(), of: command)
        var keys: [String] = []
        while let place = walk.next(bytes.span) { keys.append(String(decoding: bytes[place.range], as: UTF8.self)) }
        return keys
    }

    func text(_ refusal: RedisRefusal) -> String { refusal.text(command, bytes.span) }
}
