// SPDX-License-Identifier: Apache-2.0

package import Core

/// Where a TLS configuration was written, so that a problem with it has its place.
package struct TLSSource: Sendable {
    /// The key of the whole: `ambassador.redis.cache.tls`.
    package var key: String
    /// What its keys are called there, if not as in the settings.
    package var names: [String: String]
    /// Where a key was given; nil for a default.
    package var origin: @Sendable (_ key: String) -> SourceLocation?

    package init(
        key: String, names: [String: String] = [:], origin: @escaping @Sendable (_ key: String) -> SourceLocation?
    ) {
        self.key = key
        self.names = names
        self.origin = origin
    }

    /// The source of an entry of one of its tables.
    func entry(_ name: String, of table: String) -> TLSSource {
        TLSSource(key: "\(key).\(self.name(table)).\(name)", origin: origin)
    }

    func name(_ name: String) -> String { names[name] ?? name }

    func problem(_ name: String, _ message: String) -> Problem {
        let key = "\(key).\(self.name(name))"
        return Problem(origin(key) ?? .builtIn, key: key, message)
    }
}
