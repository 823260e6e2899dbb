// SPDX-License-Identifier: Apache-2.0

/// Follows a body to its end without taking it apart, for a proxy that passes the bytes on as they came.
///
/// A chunked body is checked as strictly as where it is read, so that nothing passes that the next one could read in
/// another way; it takes no memory but its own.
package struct HTTPBodyScan: Sendable {
    private enum State: Sendable {
        case ended
        case length(remaining: Int)
        case chunks(HTTPChunkScan)
        case trailer(HTTPTrailerScan)
        case untilClose
    }

    private var state: State
    private let limits: HTTPSyntaxLimits
    /// The bytes of the body that have passed, without sizes of chunks and trailer.
    package private(set) var payloadBytes = 0

    package init(_ framing: HTTPFraming, _ limits: HTTPSyntaxLimits = HTTPSyntaxLimits()) {
        state =
            switch framing {
            case .none, .length(0): .ended
            case .length(let length): .length(remaining: length)
            case .chunked: .chunks(HTTPChunkScan(limits))
            case .untilClose: .untilClose
            }
        self.limits = limits
    }

    package init(length: Int) { self.init(.length(length)) }

    package static func chunked(_ limits: HTTPSyntaxLimits) -> Self { Self(.chunked, limits) }

    /// Up to the end of the connection: only responses.
    package static var untilClose: Self { Self(HTTPFraming.untilClose) }

    package static var none: Self { Self(HTTPFraming.none) }

    /// Whether the whole body has passed; at once if there is none.
    package var isEnded: Bool {
        if case .ended = state { return true }
        return false
    }

    /// Whether the end of the connection would end the body too, and not cut it off.
    package var isWholeAtEndOfInput: Bool {
        switch state {
        case .ended, .untilClose: true
        case .length, .chunks, .trailer: false
        }
    }

    /// How many of these bytes, which follow those of the last call, belong to the body, and whether it ends with them.
    ///
    /// - Parameter refused: a name that no field of the trailer may have, beside those that none ever may.
    package mutating func advance(
        over bytes: borrowing Span<UInt8>, refusing refused: HTTPFoldedName? = nil
    ) throws(HTTPSyntaxError) -> (count: Int, isEnd: Bool) {
        switch state {
        case .length(let remaining):
            let count = min(remaining, bytes.count)
            payloadBytes += count
            state = count == remaining ? .ended : .length(remaining: remaining - count)
            return (count, count == remaining)
        case .untilClose:
            payloadBytes += bytes.count
            return (bytes.count, false)
        case .ended: return (0, true)
        case .chunks, .trailer: return try advanceChunked(over: bytes, refused)
        }
    }

    private mutating func advanceChunked(
        over bytes: borrowing Span<UInt8>, _ refused: HTTPFoldedName?
    ) throws(HTTPSyntaxError) -> (count: Int, isEnd: Bool) {
        var index = 0
        if case .chunks(var chunks) = state {
            while let data = try chunks.nextData(in: bytes, from: &index) { payloadBytes += data.count }
            state = chunks.isAtTrailer ? .trailer(HTTPTrailerScan(limits)) : .chunks(chunks)
        }
        if case .trailer(var trailer) = state {
            let isEnd = try trailer.advance(over: bytes, from: &index, refusing: refused)
            state = isEnd ? .ended : .trailer(trailer)
        }
        return (index, isEnded)
    }
}
