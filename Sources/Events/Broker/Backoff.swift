// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the log is asked again after it failed; and whether that was said already.
struct Backoff {
    static let first = Duration.milliseconds(100)
    static let longest = Duration.seconds(5)

    /// Failures in a row.
    private(set) var failureCount = 0

    var hasFailed: Bool { failureCount > 0 }

    mutating func failed() -> Duration {
        failureCount += 1
        // 100 ms doubled six times is beyond the longest.
        return min(Self.first * (1 << min(failureCount - 1, 6)), Self.longest)
    }

    /// Returns whether there was anything to recover from.
    mutating func recovered() -> Bool {
        defer { failureCount = 0 }
        return hasFailed
    }
}
