// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The scripts that clients have loaded through a pool, by their hashes, for servers that have forgotten them: one
/// that was started again, say, or that came later.
final class RedisScripts: Sendable {
    static let countMax = 1_000
    /// Of all of them together.
    static let bytesMax = 4 << 20

    private struct State {
        var bodies: [String: ByteBuffer] = [:]
        var bytes = 0
    }

    private let state = Mutex(State())

    /// Keeps a script, if there is room.
    func add(_ hash: String, _ body: ByteBuffer) {
        state.withLock { state in
            guard state.bodies[hash] == nil, state.bodies.count < Self.countMax,
                state.bytes + body.readableBytes <= Self.bytesMax
            else { return }
            state.bodies[hash] = body
            state.bytes += body.readableBytes
        }
    }

    func body(of hash: String) -> ByteBuffer? { state.withLock { $0.bodies[hash] } }

    /// After SCRIPT FLUSH the servers are to know none.
    func removeAll() { state.withLock { $0 = State() } }
}
