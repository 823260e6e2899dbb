// SPDX-License-Identifier: Apache-2.0

/// When to say again that something is still waited for: after 5 s, after 15 s, then every minute.
struct WaitNotices: Sendable {
    static let first = Duration.seconds(5)
    static let second = Duration.seconds(15)
    static let interval = Duration.seconds(60)

    private var next = first

    mutating func isDue(after elapsed: Duration) -> Bool {
        guard elapsed >= next else { return false }
        repeat { advance() } while elapsed >= next
        return true
    }

    private mutating func advance() {
        switch next {
        case Self.first: next = Self.second
        case Self.second: next = Self.interval
        default: next += Self.interval
        }
    }
}
