// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a client that said WATCH or MULTI has asked for so far, and what follows from its next command.
///
/// All keys of a transaction live on one server, which the first of them names; what needs no key and comes before it
/// is kept. The server itself queues commands, refuses those that are wrong, and remembers that it did.
struct Transaction {
    /// Commands without a key that are kept until the server is known.
    static let keptCountMax = 1000
    static let keptBytesMax = 256 << 10

    enum Step: Equatable {
        case answer(RedisReply)
        /// It is kept, and answered as queued.
        case keep
        /// The server gets it, and answers. With `opening` the server hears of the transaction before.
        case forward(server: Int, opening: Bool)
        /// As `forward`; and the transaction is over with its reply.
        case finish(server: Int, opening: Bool)
        /// The transaction is over; the server, if there is one, is told.
        case drop(RedisReply, tell: Undoing?)
    }

    /// How a server is told that there will be no transaction.
    struct Undoing: Equatable {
        let server: Int
        /// Only WATCH has been sent.
        let isUnwatch: Bool
    }

    /// Where it takes place; nil until a key says it.
    private(set) var server: Int?
    /// Whether MULTI was said.
    private(set) var isOpen = false
    /// Whether the server has been told of MULTI.
    private var isTold = false
    /// A command was refused, or the server was lost, so that EXEC must fail.
    private var isSpoiled = false
    private var isLost = false
    private(set) var kept = ByteBuffer()
    private(set) var keptCount = 0

    mutating func multi() -> Step {
        guard !isOpen else { return .answer(.multiNested) }
        isOpen = true
        return .answer(.ok)
    }

    mutating func exec(anywhere: Int) -> Step {
        guard isOpen else { return .answer(.execAlone) }
        guard !isSpoiled else { return .drop(.execAborted, tell: undoing) }
        if let server { return .finish(server: server, opening: tell()) }
        guard keptCount > 0 else { return .drop(.emptyArray, tell: nil) }
        guard anywhere >= 0 else { return .drop(.execAborted, tell: nil) }
        server = anywhere
        return .finish(server: anywhere, opening: tell())
    }

    mutating func discard() -> Step {
        guard isOpen else { return .answer(.discardAlone) }
        return .drop(.ok, tell: undoing)
    }

    /// `place` is the keys' server, or -1 if none is alive.
    mutating func watch(_ place: Int) -> Step {
        guard !isOpen else { return .answer(.watchNested) }
        guard !isLost else { return .answer(.transactionLost) }
        if let refusal = bind(place) { return .answer(refusal) }
        return .forward(server: place, opening: false)
    }

    /// Outside of MULTI; inside it is a command like others.
    func unwatch() -> Step { .drop(.ok, tell: undoing) }

    /// Any other command, once MULTI was said: `place` is that of its keys, if it has any; `bytes` is its length.
    mutating func command(_ place: Int?, bytes: Int) -> Step {
        guard !isLost else { return spoil(.transactionLost) }
        if let place, let refusal = bind(place) { return spoil(refusal) }
        if let server { return .forward(server: server, opening: tell()) }
        guard keptCount < Self.keptCountMax, kept.readableBytes + bytes <= Self.keptBytesMax else {
            return spoil(.keptTooMuch)
        }
        return .keep
    }

    mutating func keep(_ bytes: borrowing Span<UInt8>) {
        kept.writeBytes(bytes.bytes)
        keptCount += 1
    }

    /// A command was refused; behind MULTI the transaction fails with it.
    mutating func spoil() { isSpoiled = isSpoiled || isOpen }

    private mutating func spoil(_ reply: RedisReply) -> Step {
        spoil()
        return .answer(reply)
    }

    /// The connection to the server has ended, and the server has forgotten all of it.
    mutating func lose() {
        isSpoiled = true
        isLost = true
        server = nil
        isTold = false
        kept.clear()
        keptCount = 0
    }

    /// Makes `place` the transaction's server, or says why it can't be.
    private mutating func bind(_ place: Int) -> RedisReply? {
        guard place >= 0 else { return .noServer }
        guard server == nil || server == place else { return .crossSlot }
        server = place
        return nil
    }

    private mutating func tell() -> Bool {
        defer { isTold = true }
        return !isTold
    }

    private var undoing: Undoing? { server.map { Undoing(server: $0, isUnwatch: !isTold) } }
}
