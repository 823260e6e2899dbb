// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Reads a chunked body (RFC 9112, section 7.1), as it comes.
struct HTTPChunkReader {
    private enum State {
        case chunks(HTTPChunkScan)
        case trailer(HTTPHeadReader)
    }

    enum Step {
        case needsMore
        case data(ByteBuffer)
        case end(trailer: HTTPFields)
    }

    private let limits: HTTPSyntaxLimits
    private var state: State

    init(_ limits: HTTPSyntaxLimits) {
        self.limits = limits
        state = .chunks(HTTPChunkScan(limits))
    }

    mutating func next(_ buffer: inout ByteBuffer) throws(HTTPSyntaxError) -> Step {
        if case .chunks(var chunks) = state {
            var index = 0
            let data = try chunks.nextData(in: buffer.readableBytesUInt8Span, from: &index)
            state = chunks.isAtTrailer ? .trailer(HTTPHeadReader(.trailer, limits)) : .chunks(chunks)
            buffer.moveReaderIndex(forwardBy: index - (data?.count ?? 0))
            if let data, let part = buffer.readSlice(length: data.count) { return .data(part) }
        }
        guard case .trailer(var reader) = state else { return .needsMore }
        let isOver = try reader.read(buffer)
        state = .trailer(reader)
        guard isOver else { return .needsMore }
        return .end(trailer: reader.takeFields(&buffer))
    }
}
