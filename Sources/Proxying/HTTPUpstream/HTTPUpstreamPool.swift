// SPDX-License-Identifier: Apache-2.0

/// The connections of one upstream on one event loop.
final class HTTPUpstreamPool {
    let limits: HTTPUpstreamLimits
    /// Connections that are being made.
    var connecting = 0
    private var open = 0
    /// The one that was used last is used first, so that a burst's connections grow old.
    private var idle: [HTTPUpstreamConnection] = []

    init(_ limits: HTTPUpstreamLimits) { self.limits = limits }

    var isFull: Bool { open + connecting >= limits.connectionsMax }

    func takeIdle() -> HTTPUpstreamConnection? {
        while let connection = idle.popLast() {
            if connection.isOpen { return connection }
        }
        return nil
    }

    /// Keeps a connection for later; false if there are enough.
    func keep(_ connection: HTTPUpstreamConnection) -> Bool {
        guard idle.count < limits.idleConnectionsMax else { return false }
        idle.append(connection)
        return true
    }

    func opened() { open += 1 }

    func closed(_ connection: HTTPUpstreamConnection) {
        open -= 1
        idle.removeAll { $0 === connection }
    }

    func closeIdle() { for connection in idle { connection.close() } }
}
