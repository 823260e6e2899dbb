// SPDX-License-Identifier: Apache-2.0

import NIOCore
internal import WireRESP

extension RedisClient {
    /// What a fault makes of a command: nil if nothing, else as for `take`. Values that are too long for a connection
    /// that others use pass unseen.
    func meetFault(_ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>) -> Bool? {
        if isPastFault {
            isPastFault = false
            return nil
        }
        guard let fate = redis.faults?.fate(of: found, command, bytes) else { return nil }
        switch fate {
        case .delay(let time):
            // The command is read again then, and not judged again.
            isPastFault = true
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
