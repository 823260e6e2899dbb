// SPDX-License-Identifier: Apache-2.0

/// Follows a trailer to its end, however its bytes are cut: as strict as `HTTPHeadScan` about its fields, which pass on
/// before their line has ended.
struct HTTPTrailerScan: Sendable {
    /// What comes next.
    private enum Place: UInt8, Sendable { case lineStart, name, value, lineFeed, endLineFeed }

    private let limits: HTTPSyntaxLimits
    private var place = Place.lineStart
    private var byteCount = 0
    private var lineBytes = 0
    private var fieldCount = 0
    /// The beginning of the field's name, as far as a name goes that is known and refused.
    private var name = InlineArray<19, UInt8>(repeating: 0)
    /// Up to here the name is the one that the caller refuses.
    private var isRefused = false

    init(_ limits: HTTPSyntaxLimits) { self.limits = limits }

    /// Passes the bytes from `index`, which moves behind the trailer's; whether it ends there.
    ///
    /// - Parameter refused: a name that no field may have, beside those that none ever may.
    mutating func advance(
        over bytes: borrowing Span<UInt8>, from index: inout Int, refusing refused: HTTPFoldedName?
    ) throws(HTTPSyntaxError) -> Bool {
        while index < bytes.count {
            let isLast = try pass(bytes[index], refused)
            index += 1
            if isLast { return true }
        }
        return false
    }

    private mutating func pass(_ byte: UInt8, _ refused: HTTPFoldedName?) throws(HTTPSyntaxError) -> Bool {
        byteCount += 1
        guard byteCount <= limits.headBytesMax else { throw .longHead(limits) }
        switch place {
        case .lineStart where byte == 0x0D: place = .endLineFeed
        case .lineStart:
            fieldCount += 1
            guard fieldCount <= limits.fieldCountMax else { throw .manyFields(limits) }
            lineBytes = 0
            guard byte.isToken else { throw .noName(byte) }
            place = .name
            isRefused = true
            try passName(byte, refused)
        case .name where byte == UInt8(ascii: ":"):
            try checkName(refused)
            place = .value
            try passLineByte()
        case .name: try passName(byte, refused)
        case .value where byte == 0x0D: place = .lineFeed
        case .value:
            guard byte.isFieldValue else { throw .noValue(byte) }
            try passLineByte()
        case .lineFeed:
            guard byte == 0x0A else { throw .noValue(0x0D) }
            place = .lineStart
        case .endLineFeed:
            guard byte == 0x0A else { throw HTTPSyntaxError("a line ends without LF") }
            return true
        }
        return false
    }

    private mutating func passLineByte() throws(HTTPSyntaxError) {
        lineBytes += 1
        guard lineBytes <= limits.lineBytesMax else { throw .longLine(limits) }
    }

    private mutating func passName(_ byte: UInt8, _ refused: HTTPFoldedName?) throws(HTTPSyntaxError) {
        guard byte.isToken else { throw .noName(0) }
        if isRefused { isRefused = refused?.has(byte, at: lineBytes) == true }
        if lineBytes < name.count { name[lineBytes] = byte }
        try passLineByte()
    }

    private func checkName(_ refused: HTTPFoldedName?) throws(HTTPSyntaxError) {
        if isRefused, let refused, refused.count == lineBytes {
            throw HTTPSyntaxError("a trailer has the field \(refused.text)")
        }
        guard lineBytes <= name.count else { return }
        try HTTPFieldName(name.span.extracting(0..<lineBytes)).checkInTrailer()
    }
}
