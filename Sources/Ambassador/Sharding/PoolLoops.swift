// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
internal import Synchronization

/// One pool on one event loop, as the pool has it serve.
protocol ServingLoop: ShardingLoop, SendableMetatype {
    var pool: PoolLoop { get }
    var ring: ServerRing { get }

    /// Opens the connections that most clients use.
    func preconnect()
    /// The index of the server that a key lives on, or -1.
    func server(of key: Span<UInt8>) -> Int
    func close()
}

extension ServingLoop {
    /// What has been counted here.
    func snapshot() -> PoolSnapshot {
        var snapshot = PoolSnapshot(name: pool.name)
        snapshot.language = shards.language.rawValue
        snapshot.ring = ring.kind.rawValue
        snapshot.hash = ring.hash.rawValue
        snapshot.add(pool)
        snapshot.servers = shards.snapshot(ring)
        return snapshot
    }
}

/// One pool on every event loop of a group. It crosses to them only at the start and the end, and when somebody asks
/// what was counted.
final class PoolLoops<Loop: ServingLoop>: Sendable {
    private let loops = Mutex<[NIOLoopBound<Loop>]>([])

    /// Makes the pool on each event loop, with `make` on it.
    func start(
        _ group: any EventLoopGroup, preconnects: Bool, _ make: @escaping @Sendable (any EventLoop) -> Loop
    ) async {
        for eventLoop in group.makeIterator() {
            let made = eventLoop.submit {
                let loop = make(eventLoop)
                if preconnects { loop.preconnect() }
                return NIOLoopBound(loop, eventLoop: eventLoop)
            }
            // A loop of a group that is shut down makes nothing; then nothing listens either.
            if let loop = try? await made.get() { loops.withLock { $0.append(loop) } }
        }
    }

    /// The pool on an event loop, for whoever is on it.
    func loop(on eventLoop: any EventLoop) -> Loop? {
        loops.withLock { loops in loops.first { $0.eventLoop === eventLoop } }?.value
    }

    /// Lets clients have their replies, and closes what is left after `time`.
    func drain(within time: Duration) async {
        let loops = loops.withLock { $0 }
        for loop in loops { loop.eventLoop.execute { loop.value.pool.drainClients() } }
        let end = ContinuousClock.now + time
        while await openClients() > 0, ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(20))
        }
        for loop in loops {
            try? await loop.eventLoop.submit {
                loop.value.pool.closeClients()
                loop.value.close()
            }.get()
        }
    }

    private func openClients() async -> Int {
        var count = 0
        for loop in loops.withLock({ $0 }) {
            count += (try? await loop.eventLoop.submit { loop.value.pool.clients.open }.get()) ?? 0
        }
        return count
    }

    /// The name of the server that a key lives on, as the first loop sees it; nil if none is alive. A random ring has
    /// none for certain.
    func server(of key: [UInt8]) async -> String? {
        guard let loop = loops.withLock({ $0.first }) else { return nil }
        let name = try? await loop.eventLoop.submit {
            let index = loop.value.server(of: key.span)
            return index >= 0 ? loop.value.ring.servers[index].name : nil
        }.get()
        return name ?? nil
    }

    /// Adds to an empty snapshot what has been counted up to now, on all loops.
    func snapshot(_ empty: PoolSnapshot) async -> PoolSnapshot {
        var snapshot = empty
        for loop in loops.withLock({ $0 }) {
            if let part = try? await loop.eventLoop.submit({ loop.value.snapshot() }).get() { snapshot.add(part) }
        }
        return snapshot
    }
}
