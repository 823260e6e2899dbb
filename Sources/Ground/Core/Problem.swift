// SPDX-License-Identifier: Apache-2.0

/// One thing that is wrong with what a user wrote, in the form `FILE:LINE: KEY: found …, expected …`.
package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    package var location: SourceLocation
    /// The dotted key (`api.listen`), or the part of a document that is meant (`spec.metadata.redisHost`).
    package var key: String
    /// The sentence after the key. It never contains the value of a secret.
    package var message: String

    package init(_ location: SourceLocation, key: String, _ message: String) {
        self.location = location
        self.key = key
        self.message = message
    }

    /// One line, whatever is in the parts.
    package var description: String {
        Self.onOneLine(key.isEmpty ? "\(location): \(message)" : "\(location): \(key): \(message)")
    }

    /// The most characters of a found value that a problem shows: enough for the paths that people have.
    package static let quotedCharactersMax = 200

    /// A found value as problems show it: in quotes, on one line, cut if it is long.
    package static func quote(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let shown = String(String.UnicodeScalarView(scalars.prefix(quotedCharactersMax)))
        return "\"\(onOneLine(shown))\(scalars.count > quotedCharactersMax ? "…" : "")\""
    }

    /// The text with escapes for what would break a line or move a terminal's cursor.
    private static func onOneLine(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: line += scalar.escaped(asASCII: true)
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }
}

/// Everything that is wrong with a configuration, found in one pass.
package struct Problems: Error, Sendable, CustomStringConvertible {
    package var all: [Problem]

    package init(_ all: [Problem]) { self.all = all }

    package var description: String { all.map(\.description).joined(separator: "\n") }
}
