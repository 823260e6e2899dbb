// SPDX-License-Identifier: Apache-2.0

/// Commands that somebody types as a line, `SET name "a value"`.
package enum RESPInline {
    /// Splits a line into arguments: by white space, with `"…"` (which knows `\n`, `\r`, `\t`, `\b`, `\a`, `\xHH`,
    /// and takes any other character behind `\` as itself) and `'…'` (which knows `\'` only). A line of white space has
    /// none.
    package static func split(_ line: borrowing Span<UInt8>) throws(RESPSyntaxError) -> [[UInt8]] {
        var splitter = Splitter(line)
        var arguments: [[UInt8]] = []
        while let argument = try splitter.next() { arguments.append(argument) }
        return arguments
    }

    /// A slow path: it may copy the line to walk it without lifetimes.
    private struct Splitter {
        private let line: [UInt8]
        private var index = 0

        init(_ line: borrowing Span<UInt8>) {
            var copy: [UInt8] = []
            copy.reserveCapacity(line.count)
            // Redis takes the line as a text of C, which ends at a zero byte.
            for index in line.indices {
                if line[index] == 0 { break }
                copy.append(line[index])
            }
            self.line = copy
        }

        mutating func next() throws(RESPSyntaxError) -> [UInt8]? {
            while let byte = peek(), isSpace(byte) { index += 1 }
            guard index < line.count else { return nil }
            var argument: [UInt8] = []
            while let byte = peek(), !isSpace(byte) {
                index += 1
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "'"):
                    try quoted(by: byte, into: &argument)
                    return argument
                default: argument.append(byte)
                }
            }
            return argument
        }

        /// Reads up to the closing quote, behind which an argument must end.
        private mutating func quoted(by quote: UInt8, into argument: inout [UInt8]) throws(RESPSyntaxError) {
            while let byte = peek() {
                index += 1
                if byte == quote {
                    if let after = peek(), !isSpace(after) { throw .quotesUnbalanced }
                    return
                }
                if byte != UInt8(ascii: "\\") {
                    argument.append(byte)
                } else if quote == UInt8(ascii: "\"") {
                    argument.append(try escaped())
                } else if peek() == quote {
                    argument.append(quote)
                    index += 1
                } else {
                    argument.append(byte)
                }
            }
            throw .quotesUnbalanced
        }

        private mutating func escaped() throws(RESPSyntaxError) -> UInt8 {
            guard let byte = peek() else { throw .quotesUnbalanced }
            index += 1
            switch byte {
            case UInt8(ascii: "n"): return 0x0A
            case UInt8(ascii: "r"): return 0x0D
            case UInt8(ascii: "t"): return 0x09
            case UInt8(ascii: "b"): return 0x08
            case UInt8(ascii: "a"): return 0x07
            case UInt8(ascii: "x"):
                guard index + 1 < line.count, let high = digit(line[index]), let low = digit(line[index + 1]) else {
                    return byte
                }
                index += 2
                return high << 4 | low
            default: return byte
            }
        }

        private func peek() -> UInt8? { index < line.count ? line[index] : nil }

        private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

        private func digit(_ byte: UInt8) -> UInt8? {
            Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
        }
    }
}
