// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Reads heads or trailers out of a buffer to which bytes are added, for whoever wants values and not places.
struct HTTPHeadReader: Sendable {
    enum Kind: Sendable { case request, response, trailer }

    private let kind: Kind
    private let limits: HTTPSyntaxLimits
    /// The parts of the head that has been read last.
    private(set) var scan: HTTPHeadScan
    /// Searched for once a part of a head has been scanned in vain.
    private var end: HTTPHeadEnd?
    private var length = 0

    init(_ kind: Kind, _ limits: HTTPSyntaxLimits) {
        self.kind = kind
        self.limits = limits
        scan = HTTPHeadScan(limits)
    }

    /// Whether the buffer begins with a whole head; it is taken away with its fields.
    mutating func read(_ buffer: ByteBuffer) throws(HTTPSyntaxError) -> Bool {
        let bytes = buffer.readableBytesUInt8Span
        guard mayBeWhole(bytes) else { return false }
        let length =
            switch kind {
            case .request: try scan.scanRequest(bytes)
            case .response: try scan.scanResponse(bytes)
            case .trailer: try scan.scanTrailer(bytes)
            }
        guard let length else {
            if end == nil { end = HTTPHeadEnd(limits, hasStartLine: kind != .trailer) }
            return false
        }
        self.length = length
        return true
    }

    private mutating func mayBeWhole(_ bytes: borrowing Span<UInt8>) -> Bool {
        guard !bytes.isEmpty else { return false }
        guard var end else { return true }
        defer { self.end = end }
        return end.isFound(in: bytes)
    }

    /// The fields, in a buffer of which the head's bytes are taken away.
    mutating func takeFields(_ buffer: inout ByteBuffer) -> HTTPFields {
        end = nil
        // Safe: the head has been read from this buffer.
        let head = buffer.readSlice(length: length) ?? ByteBuffer()
        return HTTPFields(bytes: head, entries: scan.takeFields())
    }
}
