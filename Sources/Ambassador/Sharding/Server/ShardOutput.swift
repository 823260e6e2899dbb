// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a server is sent at the end of the tick, and the clients that aren't read from until it takes that.
struct ShardOutput {
    /// Bytes that wait for a server, from which the clients that sent them aren't read from.
    private static let bytesHigh = 1 << 20
    /// The buffer that is kept for the next tick.
    private static let bytesKept = 256 << 10

    private(set) var bytes = ByteBuffer()
    private var held: [ShardClient] = []

    var isEmpty: Bool { bytes.readableBytes == 0 }

    /// Takes a part of a client's command.
    @inline(__always)
    mutating func append(_ part: borrowing Span<UInt8>, of client: ShardClient) {
        bytes.writeBytes(part.bytes)
        if bytes.readableBytes > Self.bytesHigh { hold(client) }
    }

    /// Takes commands of the proxy's own.
    mutating func append(_ commands: ByteBuffer) { bytes.writeImmutableBuffer(commands) }

    private mutating func hold(_ client: ShardClient) {
        client.hold(.server)
        held.append(client)
    }

    /// Forgets what was written, and has its clients go on.
    mutating func written() {
        if bytes.capacity > Self.bytesKept { bytes = ByteBuffer() } else { bytes.clear() }
        release()
    }

    /// Forgets what wasn't written.
    mutating func drop() {
        bytes = ByteBuffer()
        release()
    }

    private mutating func release() {
        guard !held.isEmpty else { return }
        for client in held { client.release(.server) }
        held.removeAll()
    }
}
