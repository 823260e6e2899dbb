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
