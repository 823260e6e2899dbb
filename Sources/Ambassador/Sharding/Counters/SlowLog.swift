// SPDX-License-Identifier: Apache-2.0

package import Core

/// The latest commands that took longer than a pool's limit, on one loop.
struct SlowLog: Sendable {
    static let entriesMax = 128

    private(set) var entries: [SlowCommand] = []
    private var oldest = 0
    private(set) var count: UInt64 = 0

    mutating func add(_ entry: SlowCommand) {
        count += 1
        if entries.count < Self.entriesMax {
            entries.append(entry)
        } else {
            entries[oldest] = entry
            oldest = (oldest + 1) % Self.entriesMax
        }
    }
}

/// A command that took long.
package struct SlowCommand: Sendable, Equatable {
    package var command: String
    /// The beginning of its key.
    package var key: String
    package var server: String
    package var endedAt: UTCTime
    package var nanoseconds: Int64
    /// Of its reply.
    package var replyBytes: Int

    package var seconds: Double { Double(nanoseconds) / 1e9 }
}

/// The beginning of a key, which a command on its way carries for the slow log: two words, as many as cost nothing
/// that is measured.
struct KeyBeginning: BitwiseCopyable, Sendable {
    private static let bytesMax = 16

    private let low: UInt64
    private let high: UInt64
    /// Of the whole key.
    private let length: UInt32

    static let none = KeyBeginning(low: 0, high: 0, length: 0)

    private init(low: UInt64, high: UInt64, length: UInt32) {
        self.low = low
        self.high = high
        self.length = length
    }

    @inline(__always)
    init(_ key: borrowing Span<UInt8>) {
        if key.count >= Self.bytesMax {
            // Safe: sixteen bytes are there, and every pattern of bits is an integer.
            low = unsafe key.bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)
            high = unsafe key.bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self)
        } else {
            var (low, high) = (UInt64(0), UInt64(0))
            for index in 0..<key.count {
                if index < 8 {
                    low |= UInt64(key[index]) << (index * 8)
                } else {
                    high |= UInt64(key[index]) << ((index - 8) * 8)
                }
            }
            self.low = UInt64(littleEndian: low)
            self.high = UInt64(littleEndian: high)
        }
        length = UInt32(clamping: key.count)
    }

    var text: String {
        let words = [UInt64(littleEndian: low), UInt64(littleEndian: high)]
        let bytes = (0..<min(Int(length), Self.bytesMax)).map {
            UInt8(truncatingIfNeeded: words[$0 / 8] >> ($0 % 8 * 8))
        }
        return String(decoding: bytes, as: UTF8.self) + (length > Self.bytesMax ? "…" : "")
    }
}
