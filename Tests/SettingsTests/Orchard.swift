// SPDX-License-Identifier: Apache-2.0

import Core
import Settings
import WireYAML

/// A configuration with tables that are keyed by names, one in the other.
struct Orchard: Sendable, Equatable {
    struct Row: Sendable, Equatable {
        var soil = "clay"
        var trees: NamedTable<Tree> = [:]
        var owner: String?
        var yield: NamedTable<Int> = [:]
        var pickers: [String] = []

        static var settings: SettingGroup<Row> {
            SettingGroup(
                "One row.",
                [
                    .setting("soil", \.soil, .text, "The ground."),
                    .table(
                        "trees", \.trees, named: "TREE", "The trees by name.", Tree.settings, fresh: Tree(),
                        shorthand: .tree, isListed: true, changes: .live),
                    .setting("owner", optional: \.owner, .text, "Whose it is.", .secret, changes: .live),
                    .table(
                        "yield", \.yield, named: "YEAR", "What it bore.", of: .integer(0...99), fresh: 0,
                        changes: .live),
                    .setting("pickers", list: \.pickers, orOne: true, .text, "Who picks."),
                ])
        }
    }

    struct Tree: Sendable, Equatable {
        var kind = "apple"
        var age = 1

        static var settings: SettingGroup<Tree> {
            SettingGroup(
                "One tree.",
                [
                    .setting("kind", \.kind, .text, "What it bears.", changes: .live),
                    .setting("age", \.age, .integer(0...999), "Its years."),
                ])
        }
    }

    var rows: NamedTable<Row> = [:]

    static var settings: SettingGroup<Orchard> {
        SettingGroup(
            "An orchard.", [.table("rows", \.rows, named: "ROW", "The rows by name.", Row.settings, fresh: Row())])
    }

    static func loaded(_ yaml: String..., environment: [String: String] = [:]) throws -> Loaded<Orchard> {
        var loader = SettingsLoader(settings, defaults: Orchard())
        for text in yaml {
            for document in try YAML.documents(in: text.utf8, file: "o.yaml") { loader.apply(document) }
        }
        loader.apply(environment: environment)
        return try loader.finish()
    }

    static func problems(_ yaml: String, environment: [String: String] = [:]) throws -> [String] {
        do {
            _ = try loaded(yaml, environment: environment)
            return []
        } catch let problems as Problems {
            return problems.all.map(\.description)
        }
    }
}

extension SettingType where Value == Orchard.Tree {
    fileprivate static var tree: Self {
        SettingType(
            expectation: "KIND, or KIND and its years", placeholder: "KIND [N]", schema: .string(pattern: nil),
            parse: { text in
                let words = text.split(separator: " ")
                guard let kind = words.first, words.count <= 2 else { return nil }
                guard words.count == 2 else { return Orchard.Tree(kind: String(kind)) }
                return Int(words[1]).map { Orchard.Tree(kind: String(kind), age: $0) }
            }, text: { "\($0.kind) \($0.age)" })
    }
}
