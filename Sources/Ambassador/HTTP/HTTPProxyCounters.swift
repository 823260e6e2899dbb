// SPDX-License-Identifier: Apache-2.0
struct HTTPProxyCounters {
    var requests: UInt64 = 0
    var accepted: UInt64 = 0
    var retries: UInt64 = 0
    var malformed: UInt64 = 0
    var aborted: UInt64 = 0
    var clientErrors: UInt64 = 0
    mutating func ended(_ exchange: borrowing HTTPProxyExchange, nanoseconds: Int64) {}
}
