// SPDX-License-Identifier: Apache-2.0

package import NIOCore

extension RESPValue {
    /// Takes the one reply apart that `bytes` are. What a scanner leaves unchecked (numbers, formats) is checked here.
    /// Strings are slices of `bytes`.
    package static func decode(_ bytes: ByteBuffer, limits: RESPLimits = RESPLimits()) throws(RESPSyntaxError) -> Self {
        var scanner = RESPReplyScanner(limits: limits)
        switch scanner.scan(bytes.readableBytesUInt8Span) {
        case .malformed(let error): throw error
        case .complete(let reply) where reply.length == bytes.readableBytes: break
        case .complete, .incomplete, .inline: throw .incomplete
        }
        var decoder = Decoder(bytes: bytes)
        return try decoder.value()
    }

    /// Reads bytes that a scanner has found to be one reply, so that nothing is missing and nothing nests too deep.
    private struct Decoder {
        var bytes: ByteBuffer

        mutating func value() throws(RESPSyntaxError) -> RESPValue {
            let type: UInt8 = bytes.readInteger() ?? 0
            switch type {
            case UInt8(ascii: "$"), UInt8(ascii: "!"), UInt8(ascii: "="): return try string(type)
            case UInt8(ascii: "*"):
                let count = try length()
                return count < 0 ? .nullArray : .array(try values(count))
            case UInt8(ascii: "~"): return .set(try values(try length()))
            case UInt8(ascii: ">"): return .push(try values(try length()))
            case UInt8(ascii: "%"): return .map(try pairs(try length()))
            case UInt8(ascii: "|"):
                let attributes = try pairs(try length())
                let value = try value()
                return attributes.isEmpty ? value : .attributed(attributes, value)
            default: return try scalar(type, try line())
            }
        }

        private func scalar(_ type: UInt8, _ line: String) throws(RESPSyntaxError) -> RESPValue {
            switch type {
            case UInt8(ascii: "+"): return .simple(line)
            case UInt8(ascii: "-"): return .error(line)
            case UInt8(ascii: "_"): return .null
            case UInt8(ascii: "#"): return .bool(line == "t")
            case UInt8(ascii: "("): return .bigNumber(line)
            case UInt8(ascii: ":"):
                guard let number = Int64(line) else { throw .number }
                return .integer(number)
            default:
                guard let number = Double(line) else { throw .number }
                return .double(number)
            }
        }

        private mutating func string(_ type: UInt8) throws(RESPSyntaxError) -> RESPValue {
            let count = try length()
            guard count >= 0 else { return .null }
            guard var payload = bytes.readSlice(length: count) else { throw .incomplete }
            bytes.moveReaderIndex(forwardBy: 2)
            if type == UInt8(ascii: "$") { return .bulk(payload) }
            if type == UInt8(ascii: "!") { return .error(String(buffer: payload)) }
            // A format that isn't text wouldn't have three bytes any more.
            guard let format = payload.readString(length: 3), format.utf8.count == 3,
                payload.readInteger() == UInt8(ascii: ":")
            else { throw .line }
            return .verbatim(format: format, payload)
        }

        private mutating func values(_ count: Int) throws(RESPSyntaxError) -> [RESPValue] {
            var values: [RESPValue] = []
            for _ in 0..<count { values.append(try value()) }
            return values
        }

        private mutating func pairs(_ count: Int) throws(RESPSyntaxError) -> [RESPPair] {
            var pairs: [RESPPair] = []
            for _ in 0..<count { pairs.append(RESPPair(try value(), try value())) }
            return pairs
        }

        private mutating func length() throws(RESPSyntaxError) -> Int {
            guard let length = Int(try line()) else { throw .aggregateLength }
            return length
        }

        private mutating func line() throws(RESPSyntaxError) -> String {
            guard let count = bytes.readableBytesView.firstIndex(of: 0x0D).map({ $0 - bytes.readerIndex }) else {
                throw .incomplete
            }
            guard let line = bytes.readString(length: count), bytes.readInteger(as: UInt16.self) != nil else {
                throw .incomplete
            }
            return line
        }
    }
}
