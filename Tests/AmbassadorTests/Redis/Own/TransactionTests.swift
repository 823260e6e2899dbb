// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing

@testable import Ambassador

@Suite("What follows from a transaction's commands")
struct TransactionTests {
    var transaction = Transaction()

    @Test mutating func `the server hears of MULTI with the first key's command`() {
        #expect(transaction.multi() == .answer(.ok))
        #expect(transaction.command(1, bytes: 10) == .forward(server: 1, opening: true))
        #expect(transaction.command(nil, bytes: 10) == .forward(server: 1, opening: false))
        #expect(transaction.exec(anywhere: 0) == .finish(server: 1, opening: false))
    }

    @Test mutating func `what needs no key waits for the first one`() {
        _ = transaction.multi()
        #expect(transaction.command(nil, bytes: 4) == .keep)
        transaction.keep([1, 2, 3, 4].span)
        #expect(transaction.keptCount == 1)
        #expect(transaction.kept.readableBytes == 4)
        #expect(transaction.exec(anywhere: 2) == .finish(server: 2, opening: true))
    }

    @Test mutating func `no more is kept than the limit`() {
        _ = transaction.multi()
        #expect(transaction.command(nil, bytes: Transaction.keptBytesMax + 1) == .answer(.keptTooMuch))
        #expect(transaction.exec(anywhere: 0) == .drop(.execAborted, tell: nil))
    }

    @Test mutating func `keys of two servers spoil it`() {
        _ = transaction.multi()
        #expect(transaction.command(0, bytes: 1) == .forward(server: 0, opening: true))
        #expect(transaction.command(1, bytes: 1) == .answer(.crossSlot))
        #expect(
            transaction.exec(anywhere: 0) == .drop(.execAborted, tell: Transaction.Undoing(server: 0, isUnwatch: false))
        )
    }

    @Test mutating func `a command that is refused spoils it, but not a watch`() {
        _ = transaction.watch(1)
        transaction.spoil()
        _ = transaction.multi()
        #expect(transaction.exec(anywhere: 0) == .finish(server: 1, opening: true))
        transaction = Transaction()
        _ = transaction.multi()
        transaction.spoil()
        #expect(transaction.exec(anywhere: 0) == .drop(.execAborted, tell: nil))
    }

    @Test mutating func `WATCH says where it takes place`() {
        #expect(transaction.watch(1) == .forward(server: 1, opening: false))
        #expect(transaction.watch(0) == .answer(.crossSlot))
        #expect(transaction.multi() == .answer(.ok))
        #expect(transaction.watch(1) == .answer(.watchNested))
        #expect(transaction.command(nil, bytes: 1) == .forward(server: 1, opening: true))
        #expect(transaction.exec(anywhere: 0) == .finish(server: 1, opening: false))
    }

    @Test mutating func `EXEC of nothing asks the server only if it watches`() {
        _ = transaction.multi()
        #expect(transaction.exec(anywhere: 0) == .drop(.emptyArray, tell: nil))
        transaction = Transaction()
        _ = transaction.watch(1)
        _ = transaction.multi()
        #expect(transaction.exec(anywhere: 0) == .finish(server: 1, opening: true))
    }

    @Test mutating func `DISCARD and UNWATCH tell the server what it knows of`() {
        #expect(transaction.discard() == .answer(.discardAlone))
        _ = transaction.watch(1)
        #expect(transaction.unwatch() == .drop(.ok, tell: Transaction.Undoing(server: 1, isUnwatch: true)))
        _ = transaction.multi()
        #expect(transaction.discard() == .drop(.ok, tell: Transaction.Undoing(server: 1, isUnwatch: true)))
        _ = transaction.command(1, bytes: 1)
        #expect(transaction.discard() == .drop(.ok, tell: Transaction.Undoing(server: 1, isUnwatch: false)))
    }

    @Test mutating func `a lost server fails every command that follows, and EXEC`() {
        _ = transaction.multi()
        _ = transaction.command(1, bytes: 1)
        transaction.lose()
        #expect(transaction.command(1, bytes: 1) == .answer(.transactionLost))
        #expect(transaction.command(nil, bytes: 1) == .answer(.transactionLost))
        #expect(transaction.exec(anywhere: 0) == .drop(.execAborted, tell: nil))
    }

    @Test mutating func `a watch that is lost fails EXEC`() {
        _ = transaction.watch(1)
        transaction.lose()
        #expect(transaction.watch(1) == .answer(.transactionLost))
        _ = transaction.multi()
        #expect(transaction.exec(anywhere: 0) == .drop(.execAborted, tell: nil))
    }

    @Test mutating func `without a server nothing is run`() {
        _ = transaction.multi()
        #expect(transaction.command(-1, bytes: 1) == .answer(.noServer))
        #expect(transaction.exec(anywhere: -1) == .drop(.execAborted, tell: nil))
        #expect(transaction.multi() == .answer(.multiNested))
    }
}
