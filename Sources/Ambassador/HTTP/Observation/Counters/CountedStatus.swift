// SPDX-License-Identifier: Apache-2.0

/// What a status counts under: the common ones by themselves, others by their class, so that no server can make more
/// series than these.
enum CountedStatus {
    private static let exact = [
        101, 200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 412, 413,
        414, 415, 422, 429, 431, 499, 500, 501, 502, 503, 504,
    ]

    /// The label's values; what is no status of HTTP is `none`.
    static let names = exact.map { "\($0)" } + ["1xx", "2xx", "3xx", "4xx", "5xx", "none"]
    static let count = names.count
    /// The first digits of all, 0 for none.
    static let classes = names.map { Int($0.prefix(1)) ?? 0 }

    /// A column for each status from 0 to 599.
    static let columns: ContiguousArray<UInt8> = {
        var columns = ContiguousArray<UInt8>(repeating: UInt8(count - 1), count: statusEnd)
        for status in 100..<statusEnd { columns[status] = UInt8(exact.count + status / 100 - 1) }
        for (index, status) in exact.enumerated() { columns[status] = UInt8(index) }
        return columns
    }()

    static let statusEnd = 600
}
