// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// So many bytes in a second, and no more: who passes some is told when the next ones may follow.
package struct ByteRate: Sendable {
    /// How many bytes pass at once: a tenth of a second's, so that little bursts don't hide that the whole is slow.
    package let pieceBytes: Int
    private let bytesPerSecond: Int
    private var free = NIODeadline.uptimeNanoseconds(0)

    package init(bytesPerSecond: Int) {
        self.bytesPerSecond = max(bytesPerSecond, 1)
        pieceBytes = max(bytesPerSecond / 10, 1)
    }

    /// When the next bytes may pass; that may have been long ago.
    package var next: NIODeadline { free }

    /// Notes that bytes pass.
    package mutating func pass(_ count: Int, at now: NIODeadline) {
        // In steps that don't overflow however much a piece is: at most a tenth of a second, or one byte.
        free = max(free, now) + .nanoseconds(Int64(Double(count) / Double(bytesPerSecond) * 1e9))
    }
}
