// SPDX-License-Identifier: Apache-2.0

package import NIOCore

extension ByteBuffer {
    /// Copies a part of another buffer; `range` counts from its reader index.

    package mutating func write(_ range: Range<Int>, of other: borrowing ByteBuffer) {
        guard !range.isEmpty else { return }
        other.withUnsafeReadableBytes { bytes in
            _ = writeBytes(UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }
}
