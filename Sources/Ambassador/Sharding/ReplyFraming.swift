// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Where the servers' replies end, in one protocol.
protocol ReplyFraming: SendableMetatype {
    /// What has to be known of a command to find the end of its reply.
    associatedtype Expectation: BitwiseCopyable, Sendable

    /// What is expected of replies to what a connection asks for itself.
    static var openingExpectation: Expectation { get }

    init()

    /// Looks for the end of the reply at the front of `bytes`. What it has looked at it doesn't look at again, so `bytes`
    /// begins at the same byte until a reply is complete.
    mutating func scan(_ bytes: borrowing Span<UInt8>, expecting expectation: Expectation) -> ReplyScan
}

enum ReplyScan {
    case complete(length: Int, kind: ReplyKind)
    /// At least so many bytes are still to come.
    case incomplete(missing: Int)
    /// The server doesn't speak the protocol; the text says how one sees that.
    case malformed(String)
}

enum ReplyKind: UInt8 {
    case value
    /// The server refuses this command.
    case refusal
    /// The server can't serve anybody at the moment: it is out of memory, loading, or busy with a script.
    case incapacity
    /// Said without being asked; it answers no command.
    case push
}
