// SPDX-License-Identifier: Apache-2.0

import NIOCore
import WireHTTP

/// Puts a path in the place of the part of a request's path that a route matched; what is behind it and the query stay.
///
/// With `/shop` → `/v2`, `/shop/cart?a=1` becomes `/v2/cart?a=1`, and `/shop` becomes `/v2`.
struct PathRewrite: Sendable {
    private let replacement: [UInt8]
    /// The replacement without the slash at its end, for where another one follows.
    private let stem: Int
    /// How many segments matched; nil: all of them.
    private let segments: Int?

    init(_ matched: PathPattern, to replacement: String) {
        self.replacement = Array(replacement.utf8)
        stem = replacement.utf8.count - (replacement.hasSuffix("/") ? 1 : 0)
        segments =
            switch matched {
            case .exact: nil
            case .prefix("/"): 0
            case .prefix(let path): path.utf8.count { $0 == UInt8(ascii: "/") }
            }
    }

    /// Writes the target of a request that the route matched.
    func write(
        _ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>, into buffer: inout ByteBuffer
    ) {
        let path = head.path
        // The empty path of a URL is that of the root; `*` and an authority are none.
        guard path.isEmpty || bytes[path.lowerBound] == UInt8(ascii: "/") else {
            return buffer.writeTarget(head, bytes)
        }
        let rest = rest(of: path, bytes)
        if rest.isEmpty {
            buffer.writeBytes(replacement)
        } else {
            buffer.writeBytes(replacement.span.extracting(0..<stem).bytes)
            buffer.writeBytes(bytes.extracting(rest).bytes)
        }
        buffer.writeBytes(bytes.extracting(path.upperBound..<head.target.upperBound).bytes)
    }

    /// What is behind the segments that matched, with its slash. It is found by counting slashes, because escapes make
    /// what came longer than what matched.
    private func rest(of path: Range<Int>, _ bytes: borrowing Span<UInt8>) -> Range<Int> {
        let end = path.upperBound..<path.upperBound
        guard let segments else { return end }
        var slashes = 0
        for index in path where bytes[index] == UInt8(ascii: "/") {
            slashes += 1
            guard slashes > segments else { continue }
            let isSlashAlone = segments == 0 && path.count == 1
            return isSlashAlone ? end : index..<path.upperBound
        }
        return end
    }
}

extension ByteBuffer {
    /// Writes a target as it came; that of a URL without a path is `/`.
    mutating func writeTarget(_ head: borrowing HTTPHeadScan, _ bytes: borrowing Span<UInt8>) {
        if head.path.isEmpty { writeInteger(UInt8(ascii: "/")) }
        writeBytes(bytes.extracting(head.target).bytes)
    }
}
