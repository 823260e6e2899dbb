// SPDX-License-Identifier: Apache-2.0

/// The units of a byte count's text: ours, Kubernetes' and Dapr's (`Mi`), and the decimal ones.
private let units: [(name: String, bytes: Int)] = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1), ("", 1),
    ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10),
    ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("KB", 1000),
    ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1000), ("K", 1000),
]

extension ByteCount: CustomStringConvertible {
    /// Reads `4MiB`, `4Mi`, `4MB` or plain bytes. Nil for anything else.
    package init?(text: String) {
        let number = text.prefix { $0.isASCII && $0.isNumber }
        let name = text.dropFirst(number.count)
        guard let count = Int(number), let unit = units.first(where: { $0.name == name })?.bytes else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        self.init(bytes: bytes)
    }

    /// The amount in the largest binary unit that divides it: `4MiB`, `1000B`.
    package var description: String {
        let unit = units.prefix(4).first { bytes != 0 && bytes.isMultiple(of: $0.bytes) } ?? ("B", 1)
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
