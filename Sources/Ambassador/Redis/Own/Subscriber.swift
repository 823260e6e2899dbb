// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The subscriptions of one client, and the connections over which they come.
///
/// Servers are spoken to in RESP3, where what is published can be told from replies; a client of RESP2 gets it as
/// arrays, which differ in the first byte.
final class Subscriber {
    /// Why a server was told something.
    enum Purpose {
        /// The client's command waits for its confirmations.
        case command
        /// What it had confirmed before is to go on.
        case restoration
        /// Nothing follows from what it says.
        case nothing
    }

    /// What a server was told in one go: each name is confirmed, and all are refused together.
    private final class Owed {
        var names: Int
        var purpose: Purpose

        init(names: Int, purpose: Purpose) { (self.names, self.purpose) = (names, purpose) }
    }

    var subscriptions = Subscriptions()
    var connections: [OwnConnection] = []
    /// The client's number of the command that waits for confirmations.
    var number: UInt32?
    /// What was published while confirmations, or the rest of a reply, had to go first.
    var deferred = ByteBuffer()
    var pauses: [String: ReconnectPause] = [:]
    /// What each connection owes, in the order in which it will come.
    private var owed: [ObjectIdentifier: CircularBuffer<Owed>] = [:]

    func connection(to server: String) -> OwnConnection? { connections.first { $0.server.name == server } }

    /// A server was told of so many names.
    func expect(_ names: Int, on connection: OwnConnection, for purpose: Purpose) {
        owed[ObjectIdentifier(connection), default: []].append(Owed(names: names, purpose: purpose))
    }

    func owesNothing(_ connection: OwnConnection) -> Bool { owed[ObjectIdentifier(connection)]?.isEmpty ?? true }

    /// A server has confirmed a name; whether the client's command waits for that.
    func takeConfirmation(on connection: OwnConnection) -> Bool {
        guard let first = owed[ObjectIdentifier(connection)]?.first else { return false }
        first.names -= 1
        if first.names == 0 { owed[ObjectIdentifier(connection)]?.removeFirst() }
        return first.purpose == .command
    }

    /// A server has refused the names that were next; nil if there were none.
    func takeRefusal(on connection: OwnConnection) -> (names: Int, purpose: Purpose)? {
        owed[ObjectIdentifier(connection)]?.popFirst().map { ($0.names, $0.purpose) }
    }

    /// A connection owes nothing any more; returns how many names the client's command waited for.
    func forgetOwed(on connection: OwnConnection) -> Int {
        let owed = owed.removeValue(forKey: ObjectIdentifier(connection)) ?? []
        return owed.reduce(0) { $0 + ($1.purpose == .command ? $1.names : 0) }
    }

    /// The client's command has been answered.
    func endCommand() {
        for owed in owed.values {
            for what in owed where what.purpose == .command { what.purpose = .nothing }
        }
    }
}
