// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Takes the chunks off a body that goes to somebody who doesn't know them.
package struct HTTPBodyUnchunker: Sendable {
    private var reader: HTTPChunkReader
    private var kept = ByteBuffer()

    package init(_ limits: HTTPSyntaxLimits) { reader = HTTPChunkReader(limits) }

    /// The data in bytes of which `HTTPBodyScan` has found that they belong to a chunked body. A trailer is dropped.
    package mutating func data(in bytes: ByteBuffer) -> ByteBuffer {
        kept.writeImmutableBuffer(bytes)
        var data = ByteBuffer()
        while let step = try? reader.next(&kept), case .data(let part) = step { data.writeImmutableBuffer(part) }
        kept.discardReadBytes()
        return data
    }
}
