// SPDX-License-Identifier: Apache-2.0

/// Puts a prefix before each line of a stream of bytes. No byte is lost; a line without an end is held back until it
/// ends, is too long, or the stream ends.
struct LinePrefixer: Sendable {
    /// A longer line is continued on a further prefixed line, so that what is held back stays bounded.
    static let lineBytesMax = 16 << 10

    private let prefix: [UInt8]
    private var partial: [UInt8] = []

    init(prefix: String) { self.prefix = Array(prefix.utf8) }

    /// The whole lines that the bytes complete, each with its prefix.
    mutating func append(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let room = Self.lineBytesMax - partial.count
            // One byte further, so that a newline after a full line doesn't make an empty line.
            if let end = rest.prefix(room + 1).firstIndex(of: UInt8(ascii: "\n")) {
                partial.append(contentsOf: rest[..<end])
                rest = rest[(end + 1)...]
                endLine(&output)
            } else {
                partial.append(contentsOf: rest.prefix(room))
                rest = rest.dropFirst(room)
                if !rest.isEmpty { endLine(&output) }
            }
        }
        return output
    }

    /// The last line, if the stream ended without a newline.
    mutating func finish() -> [UInt8] {
        var output: [UInt8] = []
        if !partial.isEmpty { endLine(&output) }
        return output
    }

    private mutating func endLine(_ output: inout [UInt8]) {
        output.append(contentsOf: prefix)
        output.append(contentsOf: partial)
        output.append(UInt8(ascii: "\n"))
        partial.removeAll(keepingCapacity: true)
    }
}
