// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Whether a connection to a server is open, and when it may be opened anew.
struct ShardConnectionState {
    enum Phase {
        case idle
        case connecting
        case ready(ShardSocket)
        /// Not before then; why the last one ended.
        case pausing(until: NIODeadline, ShardError)
        case ended
    }

    private(set) var phase = Phase.idle
    private var pause = ReconnectPause()

    @inline(__always)
    var isReady: Bool { if case .ready = phase { true } else { false } }

    @inline(__always)
    var socket: ShardSocket? { if case .ready(let socket) = phase { socket } else { nil } }

    var isConnecting: Bool { if case .connecting = phase { true } else { false } }

    /// Whether there is hope for a command: it is open, or hasn't failed lately.
    var isReachable: Bool {
        switch phase {
        case .idle, .connecting, .ready: true
        case .pausing, .ended: false
        }
    }

    /// Whether it needn't be replaced when its server is found at `addresses` alone: nothing is open, or one of them.
    func leads(to addresses: Set<String>) -> Bool {
        switch phase {
        case .ready(let socket): socket.remoteAddress.map { addresses.contains($0) } ?? true
        case .idle, .ended: true
        // What was tried may be the address that is no more.
        case .connecting, .pausing: false
        }
    }

    mutating func began() { phase = .connecting }

    mutating func opened(_ socket: ShardSocket) {
        phase = .ready(socket)
        pause.reset()
    }

    /// It may be opened with the next command.
    mutating func ended() { phase = .idle }

    /// It may be opened after a pause, which grows with each failure.
    mutating func failed(_ error: ShardError, at now: NIODeadline) {
        phase = .pausing(until: now + pause.next(), error)
    }

    /// Forgets the pause before the next attempt.
    mutating func resume() {
        guard case .pausing = phase else { return }
        pause.reset()
        phase = .idle
    }

    /// It is never opened again.
    mutating func closed() { phase = .ended }
}
