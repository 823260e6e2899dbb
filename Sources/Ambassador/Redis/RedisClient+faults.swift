// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import WireRESP

extension RedisClient {
    /// Sends a command on its way, unless a fault hits it. False as for `take`; a command that has to wait is judged
    /// only once. Values that are too long for a connection that others use pass unseen.
    func sendUnlessFault(
        _ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) -> Bool {
        if !isPastFaults, let fate = redis.faults?.fate(of: found, command, bytes) { return meet(fate) }
        isPastFaults = false
        let isTaken = try send(found, command, bytes)
        isPastFaults = !isTaken
        return isTaken
    }

    private func meet(_ fate: RedisFaults.Fate) -> Bool {
        switch fate {
        case .delay(let time):
            isPastFaults = true
            hold(.fault)
            loop.eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in release(.fault) }
            return false
        case .answer(let error):
            refuse(error)
            return true
        case .reset:
            reset()
            return false
        }
    }
}
