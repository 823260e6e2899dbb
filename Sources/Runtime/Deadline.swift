// SPDX-License-Identifier: Apache-2.0

/// The work took longer than it may.
struct DeadlineExceeded: Error, CustomStringConvertible {
    var limit: Duration
    var description: String { "it took longer than \(limit)" }
}

/// Gives the result of `work`, or throws `DeadlineExceeded` after `limit`; work that doesn't heed cancellation goes on
/// unobserved.
func withDeadline<Value: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let (results, first) = AsyncStream.makeStream(
        of: Result<Value, any Error>.self, bufferingPolicy: .bufferingOldest(1))
    // Unstructured: a group would wait for work that can't be cancelled.
    let working = Task {
        do { first.yield(.success(try await work())) } catch { first.yield(.failure(error)) }
    }
    let timer = Task {
        try await Task.sleep(for: limit)
        first.yield(.failure(DeadlineExceeded(limit: limit)))
    }
    defer {
        timer.cancel()
        working.cancel()
    }
    for await result in results { return try result.get() }
    throw CancellationError()
}
