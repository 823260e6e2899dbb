// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Where lines go, and whether the last one there is whole: on a full disk a write ends in the middle of one.
struct AccessLogOutput {
    private(set) var descriptor: Int32
    /// What follows must first end the line that is there.
    private var isInsideLine = false

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Goes on elsewhere; what is there already may be the same file.
    mutating func move(to descriptor: Int32, isEmpty: Bool) {
        self.descriptor = descriptor
        if isEmpty { isInsideLine = false }
    }

    /// Writes whole lines.
    ///
    /// - Parameter put: writes as much as can be written, and moves the reader's index behind it.
    /// - Returns: How many of the lines aren't there, or not whole.
    mutating func write(_ lines: ByteBuffer, _ put: (inout ByteBuffer) -> Void) -> Int {
        if isInsideLine {
            var end = Self.lineEnd
            put(&end)
            isInsideLine = end.readableBytes > 0
        }
        var rest = lines
        if !isInsideLine { put(&rest) }
        guard rest.readableBytes > 0 else { return 0 }
        if rest.readerIndex > lines.readerIndex {
            isInsideLine = lines.getInteger(at: rest.readerIndex - 1, as: UInt8.self) != UInt8(ascii: "\n")
        }
        return rest.readableBytesView.count { $0 == UInt8(ascii: "\n") }
    }

    private static let lineEnd = ByteBuffer(string: "\n")
}
