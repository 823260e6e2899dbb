// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Synchronization
package import WireHTTP

/// A body's bytes on their way from a connection to the one task that reads them.
///
/// What waits is bounded: the connection isn't read from while `bytesMax` or more are here.
package final class HTTPBodyStream: Sendable {
    /// So much may wait before the connection pauses; it goes on when that has been taken.
    static let bytesMax = 256 << 10

    private struct State {
        /// One buffer, because parts of a byte each would take many times their size.
        var waiting = ByteBuffer()
        var end: Result<HTTPFields, HTTPBodyError>?
        var reader: CheckedContinuation<Void, Never>?
        var isPaused = false
        var demand: (@Sendable (Demand) -> Void)?
        var isAskedFor = false

        mutating func takeReader() -> CheckedContinuation<Void, Never>? {
            defer { reader = nil }
            return reader
        }
    }

    private let state = Mutex(State())

    /// What the reader wants of the connection.
    package enum Demand: Sendable {
        /// Somebody reads the body at all: the moment for `100 Continue`.
        case begin
        /// There is room again after a pause.
        case resume
        /// Nobody holds the body any more, and its end hasn't come.
        case abandon
    }

    /// `demand` is called on the reader's thread.
    package init(demand: @escaping @Sendable (Demand) -> Void) {
        state.withLock { $0.demand = demand }
    }

    deinit {
        let demand = state.withLock { $0.demand }
        demand?(.abandon)
    }

    // MARK: - The connection's side

    /// Puts a part in; true if the connection should pause.
    package func push(_ part: ByteBuffer) -> Bool {
        let (reader, pauses) = state.withLock { state in
            guard state.end == nil else { return (nil as CheckedContinuation<Void, Never>?, false) }
            if state.waiting.readableBytes == 0 {
                state.waiting = part
            } else {
                state.waiting.writeImmutableBuffer(part)
            }
            state.isPaused = state.waiting.readableBytes >= Self.bytesMax
            return (state.takeReader(), state.isPaused)
        }
        reader?.resume()
        return pauses
    }

    /// Nothing more comes: the body is complete, with its trailer, or is cut off. Only the first call counts.
    package func finish(_ end: Result<HTTPFields, HTTPBodyError>) {
        let reader = state.withLock { state in
            if state.end == nil { state.end = end }
            state.demand = nil
            return state.takeReader()
        }
        reader?.resume()
    }

    // MARK: - The reader's side

    /// The next part; nil at the end.
    package func next() async throws(HTTPBodyError) -> ByteBuffer? {
        askFor()
        while true {
            if let step = take() { return try step.get() }
            if Task.isCancelled { throw .cancelled }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isReady = state.withLock { state in
                        precondition(state.reader == nil, "A body is read by one task.")
                        if state.waiting.readableBytes > 0 || state.end != nil || Task.isCancelled { return true }
                        state.reader = continuation
                        return false
                    }
                    if isReady { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.takeReader() }?.resume()
            }
        }
    }

    /// The trailer, once `next` has returned nil.
    package var trailer: HTTPFields {
        state.withLock { state in (try? state.end?.get()) ?? HTTPFields() }
    }

    private func take() -> Result<ByteBuffer?, HTTPBodyError>? {
        let (step, demand) = state.withLock {
            state -> (Result<ByteBuffer?, HTTPBodyError>?, (@Sendable (Demand) -> Void)?) in
            guard state.waiting.readableBytes > 0 else {
                return (state.end.map { $0.map { _ in nil } }, nil)
            }
            // Whoever reads takes all that is here.
            let part = state.waiting
            state.waiting = ByteBuffer()
            let demand = state.isPaused ? state.demand : nil
            state.isPaused = false
            return (.success(part), demand)
        }
        demand?(.resume)
        return step
    }

    private func askFor() {
        let demand = state.withLock { state in
            defer { state.isAskedFor = true }
            return state.isAskedFor ? nil : state.demand
        }
        demand?(.begin)
    }
}
