// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import WireRESP

/// Scripts, which a server must have been given before it runs them by their hash.
extension RedisClient {
    /// EVALSHA goes to the server of its keys; if that says that it doesn't know a script that was loaded through this
    /// pool, it gets EVAL with the script.
    func takeByHash(
        _ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>, to server: Int
    ) {
        let hash = ByteBuffer(bytes.extracting(command[1].range)).text.lowercased()
        guard server >= 0, let body = redis.scripts.body(of: hash) else { return forward(bytes, to: server, found) }
        let whole = Self.withScript(body, command, bytes)
        let connection = lane.connections[server]
        var number: UInt32 = 0
        let eventLoop = loop.eventLoop
        number = expectReply(
            RetriedScriptReply { [self] in
                eventLoop.assumeIsolated().execute {
                    connection.send(
                        whole.readableBytesUInt8Span, of: self, number: number, family: .script, command: found.id,
                        expecting: .any)
                }
            })
        connection.send(bytes, of: self, number: number, family: .script, command: found.id, expecting: .any)
    }

    /// SCRIPT LOAD for all servers.
    func takeLoad(_ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>) {
        let body = ByteBuffer(bytes.extracting(command[2].range))
        sendEverywhere(found, bytes) { LoadedScriptReply(parts: $0, body, redis.scripts) }
    }

    /// `EVALSHA hash …` as `EVAL script …`, and with `_RO` alike.
    private static func withScript(
        _ body: ByteBuffer, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) -> ByteBuffer {
        let isReadOnly = command[0].length > "EVALSHA".utf8.count
        var arguments = RESPArguments(command)
        _ = arguments.next(bytes)
        _ = arguments.next(bytes)
        let rest = arguments.nextHeader
        var whole = ByteBuffer()
        whole.writeRESP("*", command.argumentCount)
        whole.writeRESPBulk(isReadOnly ? "EVAL_RO" : "EVAL")
        whole.writeRESPBulk(body.readableBytesUInt8Span)
        whole.writeBytes(bytes.extracting(rest..<command.length).bytes)
        return whole
    }
}

extension ByteBuffer {
    fileprivate init(_ bytes: borrowing Span<UInt8>) {
        self.init()
        writeBytes(bytes.bytes)
    }
}
