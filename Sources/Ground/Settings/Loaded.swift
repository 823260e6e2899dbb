// SPDX-License-Identifier: Apache-2.0

package import Core

/// A configuration together with what is known of how it came about.
package struct Loaded<Root: Sendable>: Sendable {
    package var configuration: Root
    /// Where each value that isn't a default was given, by key; a flag that gives a part counts under `KEY.PART`.
    package var origins: [String: SourceLocation]
    /// Where each entry of a table was first named, by the entry's key.
    package var entries: [String: SourceLocation] = [:]
    /// What the user should hear of although it stops nothing.
    package var warnings: [Problem]

    package init(_ configuration: Root, origins: [String: SourceLocation] = [:], warnings: [Problem] = []) {
        self.configuration = configuration
        self.origins = origins
        self.warnings = warnings
    }

    /// Where a key, or the nearest key around it, was given; nil for a default. `api.listen.port` is answered by a flag
    /// for the port alone and by whatever gave the whole of `api.listen`.
    package func origin(of key: String) -> SourceLocation? {
        var key = Substring(key)
        while true {
            if let origin = origins[String(key)] { return origin }
            guard let dot = key.lastIndex(of: ".") else { return nil }
            key = key[..<dot]
        }
    }

    package func isGiven(_ key: String) -> Bool { origin(of: key) != nil }
}
