// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A command that a server was sent: whose it is, and what its reply is to be.
struct InFlight {
    /// Nil for what a connection asks for itself.
    let client: ShardClient?
    /// The client's number of the command.
    let number: UInt32
    let part: UInt16
    let family: CommandFamily
    let sentAt: NIODeadline
    let expectation: ReplyShape
}

/// The kinds of commands whose latency is told apart.
package enum CommandFamily: UInt8, CaseIterable {
    case read, write, script, blocking, other
}
