// SPDX-License-Identifier: Apache-2.0

package import Core

/// A table that is keyed by names of the user's choice, each with the same settings under it.
///
/// The environment and the flags add no entries: they override what a file has declared.
package struct SettingTable<Root>: Sendable {
    package var name: String
    /// What stands for a name in the reference: `SERVER`.
    package var placeholder: String
    package var summary: String
    /// Whether entries come and go while running.
    package var change: SettingChange
    /// Whether a list of texts stands for a table: each is an entry in short form, and its first word is its name.
    package var isListed: Bool
    /// The names that are there, in their order.
    package var names: @Sendable (Root) -> [String]
    /// The settings of the entry of a name; none if entries are scalars, which only the short form makes.
    package var group: @Sendable (String) -> SettingGroup<Root>
    /// The whole entry as one scalar, if it can be written so; its key is the entry's own.
    package var shorthand: @Sendable (String) -> Setting<Root>?
    /// Makes the entry of a name, unless it is there.
    package var add: @Sendable (inout Root, String) -> Void
    /// Gives the second root the names and the order of the first; entries that both have keep their values.
    package var arrange: @Sendable (Root, inout Root) -> Void

    /// The most entries of one table.
    package static var entriesMax: Int { 4096 }
    /// The most characters of an entry's name.
    package static var nameCharactersMax: Int { 128 }
    package static var nameExpectation: String {
        "a name of letters, digits and .:_- that begins with one of the first two"
    }
    package static var namePattern: String { "^[A-Za-z0-9][A-Za-z0-9.:_-]{0,127}$" }

    /// Dots and colons are for servers that are known by their address.
    package static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isLetterOrDigit, text.utf8.count <= nameCharactersMax else {
            return false
        }
        return text.utf8.allSatisfy { $0.isLetterOrDigit || ".:_-".utf8.contains($0) }
    }
}

extension UInt8 {
    /// Whether this is an ASCII letter or digit.
    var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}

extension SettingMember {
    /// Declares a table of structs, each with the settings of `group`; an entry begins as `fresh`.
    ///
    /// - Parameters:
    ///   - shorthand: how a whole entry is written as one scalar.
    ///   - isListed: whether a list of such scalars is a table, too.
    package static func table<Entry: Sendable>(
        _ name: String, _ path: SettingPath<Root, NamedTable<Entry>>, named placeholder: String, _ summary: String,
        _ group: SettingGroup<Entry>, fresh: Entry, shorthand: SettingType<Entry>? = nil, isListed: Bool = false,
        changes: SettingChange = .restart
    ) -> Self {
        .table(
            SettingTable(
                name: name, placeholder: placeholder, summary: summary, change: changes, isListed: isListed,
                names: { $0[keyPath: path].names },
                group: { group.lifted(through: SettingLens(path, name: $0, fresh: fresh)) },
                shorthand: { entry in
                    shorthand.map { type in
                        Setting(whole: entry, group.summary, type, changes: changes)
                            .lifted(through: SettingLens(path, name: entry, fresh: fresh))
                    }
                },
                add: { root, entry in if root[keyPath: path][entry] == nil { root[keyPath: path][entry] = fresh } },
                arrange: { source, target in
                    let old = target[keyPath: path]
                    var new: NamedTable<Entry> = [:]
                    for (entry, value) in source[keyPath: path] { new[entry] = old[entry] ?? value }
                    target[keyPath: path] = new
                }))
    }

    /// Declares a table of scalars: `header: {x-beta: "1"}`.
    ///
    /// - Parameter fresh: a place for the value that must be given.
    package static func table<Value: Sendable>(
        _ name: String, _ path: SettingPath<Root, NamedTable<Value>>, named placeholder: String, _ summary: String,
        of type: SettingType<Value>, fresh: Value, changes: SettingChange = .restart
    ) -> Self {
        table(
            name, path, named: placeholder, summary, SettingGroup(summary, []), fresh: fresh, shorthand: type,
            changes: changes)
    }
}

extension Setting where Root: Sendable {
    /// A setting that is the whole of its root.
    fileprivate init(whole name: String, _ summary: String, _ type: SettingType<Root>, changes: SettingChange) {
        self.init(
            name: name, summary: summary,
            value: SettingValue(
                expectation: type.expectation, placeholder: type.placeholder, schema: type.schema, isList: false
            ) { root, input in
                guard case .text(let text) = input, let value = type.parse(text) else { return false }
                root = value
                return true
            },
            exposure: .plain, change: changes, flags: [], environmentNames: [], texts: { [type.text($0)] },
            copy: { source, target in target = source }, hasDefault: false)
    }
}
