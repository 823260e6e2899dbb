// SPDX-License-Identifier: Apache-2.0

import Core

/// What a run found, for the benchmark that started it.
struct LoadResult {
    /// Keys of failed requests that are named; more are only counted.
    static let failedKeysMax = 10_000

    var requests = 0
    var seconds = 0.0
    /// Replies that said null: nobody has saved that key.
    var nulls = 0
    /// Replies that began with `-`.
    var errors = 0
    /// Replies that can't be this request's: another key's value, another kind.
    var wrong = 0
    /// Connections that the server closed.
    var closed = 0
    /// Requests that had no reply when the run ended.
    var unanswered = 0
    var failedKeys: Set<Int> = []
    var firstError = ""
    var firstWrong = ""
    var latency = LatencyHistogram()

    mutating func noteError(_ text: String, key: Int) {
        if errors == 0 { firstError = text }
        errors += 1
        if failedKeys.count < Self.failedKeysMax { failedKeys.insert(key) }
    }

    mutating func noteWrong(_ text: @autoclosure () -> String) {
        if wrong == 0 { firstWrong = text() }
        wrong += 1
    }

    var json: String {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        let counts = [
            ("requests", requests), ("nulls", nulls), ("errors", errors), ("wrong", wrong), ("closed", closed),
            ("unanswered", unanswered),
        ]
        for (name, value) in counts { writer.field(name, value) }
        writer.key("seconds")
        writer.number(seconds)
        for (name, share) in [("p50_us", 0.5), ("p99_us", 0.99), ("p999_us", 0.999), ("max_us", 1)] {
            writer.key(name)
            writer.number(Double(latency.percentile(share)) / 1000)
        }
        writer.field("first_error", firstError)
        writer.field("first_wrong", firstWrong)
        writer.key("failed_keys")
        writer.beginArray()
        for key in failedKeys.sorted() { writer.integer(key) }
        writer.endArray()
        writer.endObject()
        return writer.text
    }
}
