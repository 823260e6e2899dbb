// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks

/// The parameters of a query, in their order; of a repeated name the first counts, as in Go.
struct QueryParameters: Sendable {
    /// More parameters than this are not looked at.
    static let countMax = 64
    private static let metadataPrefix = "metadata."

    private var pairs: [(name: String, value: String)] = []

    init() {}

    init(_ bytes: borrowing Span<UInt8>, from start: Int) {
        var offset = start
        while offset < bytes.count, pairs.count < Self.countMax {
            let pairStart = offset
            var nameEnd: Int?
            while offset < bytes.count, bytes[offset] != UInt8(ascii: "&") {
                if nameEnd == nil, bytes[offset] == UInt8(ascii: "=") { nameEnd = offset }
                offset += 1
            }
            let end = nameEnd ?? offset
            // A pair that can't be decoded is passed over, as Go does it.
            if let name = try? bytes.decoded(pairStart..<end),
                let value = try? bytes.decoded(min(end + 1, offset)..<offset)
            {
                if !name.isEmpty { pairs.append((name, value)) }
            }
            offset += 1
        }
    }

    subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// All parameters `metadata.NAME`, without that prefix, in their order.
    var metadata: [MessageHeader] {
        pairs.compactMap { pair in
            guard pair.name.hasPrefix(Self.metadataPrefix) else { return nil }
            return MessageHeader(String(pair.name.dropFirst(Self.metadataPrefix.count)), pair.value)
        }
    }

    /// The parameter `metadata.NAME`, which goes before the metadata of a body.
    func metadata(_ name: String) -> String? {
        pairs.isEmpty ? nil : self[Self.metadataPrefix + name]
    }
}
