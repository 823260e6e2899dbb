// SPDX-License-Identifier: Apache-2.0

/// Points on a line of 32 bits, each with its server. A position belongs to the first point that isn't before it;
/// behind the last point the line begins again.
@usableFromInline
struct RingPoints: Sendable {
    @usableFromInline
    struct Point: Sendable {
        @usableFromInline let position: UInt32
        @usableFromInline let server: UInt32

        init(position: UInt32, server: Int) {
            self.position = position
            self.server = UInt32(truncatingIfNeeded: server)
        }
    }

    @usableFromInline let points: [Point]
    /// For each of equal stretches of the line its first point, so that a search begins one or two steps from its end.
    @usableFromInline let firstOfStretch: [UInt32]
    @usableFromInline let stretchBits: UInt32
    @usableFromInline let lastPosition: UInt32

    /// Of points in one place, the first of the list wins.
    init(_ unsorted: [Point]) {
        // The place in the list makes the sort stable.
        let order = unsorted.indices.sorted { a, b in
            (unsorted[a].position, a) < (unsorted[b].position, b)
        }
        points = order.map { unsorted[$0] }
        lastPosition = points.last?.position ?? 0
        let lineBits = UInt32.bitWidth - lastPosition.leadingZeroBitCount
        let countBits = Int.bitWidth - points.count.leadingZeroBitCount
        stretchBits = UInt32(max(0, lineBits - countBits))
        firstOfStretch = Self.firstPoints(points, stretches: Int(lastPosition >> stretchBits) + 1, bits: stretchBits)
    }

    private static func firstPoints(_ points: [Point], stretches: Int, bits: UInt32) -> [UInt32] {
        var next = 0
        return (0..<stretches).map { stretch in
            while next < points.count, Int(points[next].position >> bits) < stretch { next += 1 }
            return UInt32(next)
        }
    }

    /// The server of a position; there must be a point.
    @inlinable
    func server(at position: UInt32) -> Int {
        guard position <= lastPosition else { return Int(points[0].server) }
        var index = Int(firstOfStretch[Int(position >> stretchBits)])
        while points[index].position < position { index += 1 }
        return Int(points[index].server)
    }
}
