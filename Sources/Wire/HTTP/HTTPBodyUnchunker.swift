// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Takes the chunks off a body that goes to somebody who doesn't know them.
package struct HTTPBodyUnchunker: Sendable {
    private var reader: HTTPChunkReader
    /// Of a trailer that isn't whole.
    private var kept = ByteBuffer()
    /// The fields behind the body, once they have come.
    package private(set) var trailer = HTTPFields()

    package init(_ limits: HTTPSyntaxLimits) { reader = HTTPChunkReader(limits) }

    /// The data in bytes of which `HTTPBodyScan` has found that they belong to a chunked body: a slice of them if it is
    /// of one chunk.
    package mutating func data(in bytes: ByteBuffer) -> ByteBuffer {
        var rest = bytes
        if kept.readableBytes > 0 {
            rest = kept
            rest.writeImmutableBuffer(bytes)
        }
        kept = ByteBuffer()
        var data = ByteBuffer()
        while let step = try? reader.next(&rest) {
            switch step {
            case .data(let part) where data.readableBytes == 0: data = part
            case .data(let part): data.writeImmutableBuffer(part)
            case .end(let trailer):
                if !trailer.isEmpty { self.trailer = trailer }
                return data
            case .needsMore:
                // A copy: what came may lie in a buffer that others read into next.
                if rest.readableBytes > 0 { kept = ByteBuffer(bytes: rest.readableBytesView) }
                return data
            }
        }
        return data
    }
}
