// SPDX-License-Identifier: Apache-2.0

import Core

/// Dapr's `connectionString`: a path, `:memory:`, or either with `file:` before and `?name=value&…` after it.
struct ConnectionString: Sendable {
    /// What SQLite opens; it reads the parameters that it knows (`mode`, `immutable`, `cache`) and leaves the others.
    let sqlitePath: String
    let isInMemory: Bool
    let isReadOnly: Bool
    /// The lock that our processes share; none for a database in memory or one that is only read.
    let lockPath: String?
    /// From `_pragma=name(value)`.
    let pragmas: [String]

    init(_ reader: SettingReader) throws(Problem) {
        guard let text = reader.text("connectionString") else {
            throw reader.problem("connectionString", "found nothing, expected a file's path or :memory:")
        }
        let isURI = text.lowercased().hasPrefix("file:")
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(isURI ? parts[0].dropFirst(5) : parts[0])
        let parameters = parts.count < 2 ? [] : parts[1].split(separator: "&").map { Self.parameter($0) }
        isInMemory = path.lowercased() == ":memory:" || parameters.contains { $0 == ("mode", "memory") }
        isReadOnly = parameters.contains { $0 == ("mode", "ro") || $0 == ("immutable", "1") }
        guard isInMemory || !path.isEmpty else {
            throw reader.problem("connectionString", "found no path, expected a file's path or :memory:")
        }
        lockPath = isInMemory || isReadOnly ? nil : Self.filePath(path, isURI: isURI) + ".lock"
        pragmas = try parameters.filter { $0.0 == "_pragma" }.map { (_, pragma) throws(Problem) in
            try Self.statement(pragma, reader)
        }
        // In memory there is one connection, so the name that a shared cache would need doesn't matter.
        let query = parts.count < 2 ? "" : "?" + parts[1]
        sqlitePath = isInMemory ? ":memory:" : isURI || query.isEmpty ? text : "file:" + path + query
    }

    private static func parameter(_ text: Substring) -> (String, String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (decoded(parts[0]), parts.count < 2 ? "" : decoded(parts[1]))
    }

    /// Replaces `%XX`, as SQLite does.
    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The path that a URI means: `file:///a` and `file://localhost/a` are `/a`.
    private static func filePath(_ path: String, isURI: Bool) -> String {
        guard isURI else { return path }
        let decoded = decoded(path[...])
        guard decoded.hasPrefix("//") else { return decoded }
        return String(decoded.dropFirst(2).drop { $0 != "/" })
    }

    /// `name(value)` as a statement. What the settings decide can't be said here too, as in Dapr.
    private static func statement(_ pragma: String, _ reader: SettingReader) throws(Problem) -> String {
        let parts = pragma.split(separator: "(", maxSplits: 1)
        let name = parts.first.map { $0.lowercased() } ?? ""
        guard !["busy_timeout", "journal_mode", "foreign_keys"].contains(name) else {
            throw reader.problem("connectionString", "the parameter _pragma=\(name) can't be given")
        }
        guard parts.count == 2, parts[1].hasSuffix(")"), SettingReader.isIdentifier(name),
            parts[1].dropLast().utf8.allSatisfy({ SettingReader.isIdentifier($0) || $0 == UInt8(ascii: "-") })
        else { throw reader.problem("connectionString", "found a _pragma that isn't name(value)") }
        return "PRAGMA \(name) = \(parts[1].dropLast())"
    }
}
