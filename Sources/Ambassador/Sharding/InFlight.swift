// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A command that a server was sent: whose it is, and what its reply is to be.
struct InFlight {
    /// Nil for what a connection asks for itself.
    let client: ShardClient?
    /// The client's number of the command; `opening` or `ignored` where there is no client.
    let number: UInt32
    let part: UInt16
    let label: CommandLabel
    let sentAt: NIODeadline
    let expectation: ReplyShape

    /// Something without which the connection is of no use.
    static let opening: UInt32 = 0
    /// Something whose reply says nothing.
    static let ignored: UInt32 = 1
}

/// What a command is called in figures.
struct CommandLabel: Sendable {
    let family: CommandFamily
    /// Its number in the protocol's table.
    let command: UInt16
    let key: KeyBeginning

    /// What a connection asks for itself.
    static let own = CommandLabel(.other, command: 0, key: .none)

    @inline(__always)
    init(_ family: CommandFamily, command: UInt16, key: KeyBeginning) {
        self.family = family
        self.command = command
        self.key = key
    }
}

/// The kinds of commands whose latency is told apart.
package enum CommandFamily: UInt8, CaseIterable {
    case read, write, script, blocking, other
}
