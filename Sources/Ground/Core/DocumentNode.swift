// SPDX-License-Identifier: Apache-2.0

/// A value of a configuration document, with the place it was read from.
///
/// Wire/YAML makes these and Settings and Runtime read them, so that a problem can always name its line.
package struct DocumentNode: Sendable, Hashable {
    package indirect enum Content: Sendable, Hashable {
        /// A scalar's text as written; `isQuoted` tells `"8080"` from `8080` and `""` from nothing.
        case scalar(String, isQuoted: Bool)
        case sequence([DocumentNode])
        /// The entries in the order of the document; the reader has refused repeated keys.
        case mapping([Entry])
    }

    package struct Entry: Sendable, Hashable {
        package var key: String
        package var keyLocation: SourceLocation
        package var value: DocumentNode

        package init(key: String, keyLocation: SourceLocation, value: DocumentNode) {
            self.key = key
            self.keyLocation = keyLocation
            self.value = value
        }
    }

    package var content: Content
    package var location: SourceLocation

    package init(_ content: Content, at location: SourceLocation) {
        self.content = content
        self.location = location
    }

    /// The value under `key`, if this is a mapping that has it.
    package subscript(key: String) -> DocumentNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The scalar's text, if this is a scalar that isn't null.
    package var text: String? {
        guard case .scalar(let text, _) = content, !isNull else { return nil }
        return text
    }

    /// Whether this is YAML's null: nothing, `~` or `null`, unquoted.
    package var isNull: Bool {
        guard case .scalar(let text, isQuoted: false) = content else { return false }
        return text.isEmpty || text == "~" || text == "null" || text == "Null" || text == "NULL"
    }

    /// What a problem calls this: `"8080"`, `a list`, `a table`, `nothing`.
    package var summary: String {
        switch content {
        case .scalar(let text, _): isNull ? "nothing" : Problem.quote(text)
        case .sequence: "a list"
        case .mapping: "a table"
        }
    }
}
