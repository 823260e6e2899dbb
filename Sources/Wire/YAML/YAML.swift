// SPDX-License-Identifier: Apache-2.0

package import Core

/// Reads YAML into nodes that know their line and column.
///
/// What a configuration needs of YAML is read: many documents, anchors and aliases, every style of scalar, and the tags
/// of YAML's own types. Refused with a sentence: repeated keys, keys that are lists or tables, merge keys (`<<`, which
/// YAML 1.2 dropped), and tags that ask for a type of a programming language. The limits below keep a hostile file from
/// costing more than its size suggests.
package enum YAML {
    /// The largest text that is read.
    package static let bytesMax = 1 << 20
    /// The most lists and tables inside each other.
    package static let depthMax = 64
    /// The most nodes of all documents together, each use of an alias counted as what it stands for. It is a hundred
    /// times what a large configuration has; aliases of aliases, ten at each of ten levels, are far beyond.
    package static let nodesMax = 100_000

    /// How much of YAML a text may use.
    package enum Dialect: Sendable {
        case all
        /// Blocks and scalars: no flow style, anchors, aliases, tags, directives and marks of documents. That is what
        /// twemproxy reads.
        case blocks
    }

    /// The documents of `text`, in their order; an empty text has none.
    ///
    /// - Parameter file: what problems and locations call the text.
    package static func documents(
        in text: some Sequence<UInt8>, file: String, dialect: Dialect = .all
    ) throws(Problem) -> [DocumentNode] {
        let bytes = Array(text)
        guard bytes.count <= bytesMax else {
            throw Problem(
                .file(file, line: 1, column: 1), key: "",
                "found \(bytes.count) bytes, expected at most \(ByteCount(bytes: bytesMax))")
        }
        // libyaml takes no null pointer, which an empty array may have.
        guard !bytes.isEmpty else { return [] }
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<[DocumentNode], Problem> in
            let events = YAMLEvents(buffer, file: file, dialect: dialect)
            var composer = YAMLComposer(events: events)
            do throws(Problem) { return .success(try composer.documents()) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
