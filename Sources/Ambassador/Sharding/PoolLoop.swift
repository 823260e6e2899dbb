// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore

/// What one event loop knows of one pool, whatever its servers speak. Everything in it belongs to the loop's thread.
final class PoolLoop {
    let name: String
    let eventLoop: any EventLoop
    let tick: LoopTick
    let outputs = OutputBuffers()
    let reading = ReadBuffer()
    let logger: Logger
    var limits: PoolLimits
    // Safe: plain numbers of one loop's thread.
    @exclusivity(unchecked) var clients = ClientCounters()
    @exclusivity(unchecked) var latency = LatencyHistogram()

    private var open: [ObjectIdentifier: ShardClient] = [:]

    init(name: String, eventLoop: any EventLoop, limits: PoolLimits, logger: Logger) {
        self.name = name
        self.eventLoop = eventLoop
        self.limits = limits
        self.logger = logger
        tick = LoopTick(eventLoop)
    }

    func add(_ client: ShardClient) {
        clients.accepted += 1
        clients.open += 1
        open[ObjectIdentifier(client)] = client
    }

    func remove(_ client: ShardClient) {
        clients.open -= 1
        open[ObjectIdentifier(client)] = nil
    }

    /// Has each client end after the replies that it waits for.
    func drainClients() {
        for client in open.values { client.end() }
    }

    func closeClients() {
        for client in open.values { client.close() }
    }
}
