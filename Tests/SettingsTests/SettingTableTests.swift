// SPDX-License-Identifier: Apache-2.0

import Core
import Settings
import Testing

struct SettingTableTests {
    private let yaml = """
        rows:
          north:
            soil: sand
            trees:
              b: pear 7
              a: {kind: plum, age: 3}
              c: quince
          south-1:
        """

    @Test func `a table has an entry for each name, in the order of the file`() throws {
        let loaded = try Orchard.loaded(yaml)
        var north = Orchard.Row()
        north.soil = "sand"
        north.trees = ["b": .init(kind: "pear", age: 7), "a": .init(kind: "plum", age: 3), "c": .init(kind: "quince")]
        #expect(loaded.configuration.rows == ["north": north, "south-1": Orchard.Row()])
        #expect(loaded.configuration.rows["north"]?.trees.names == ["b", "a", "c"])
        #expect(loaded.origins["rows.north.trees.a.age"] == .file("o.yaml", line: 6, column: 28))
        #expect(loaded.origins["rows.north.trees.b"] == .file("o.yaml", line: 5, column: 10))
        #expect(loaded.entries["rows.south-1"] == .file("o.yaml", line: 8, column: 3))
    }

    @Test func `a list is a table of entries in short form, named by their first words`() throws {
        let loaded = try Orchard.loaded("rows: {a: {trees: [fig 7, 10.0.0.1:80]}}")
        #expect(
            loaded.configuration.rows["a"]?.trees == [
                "fig": .init(kind: "fig", age: 7), "10.0.0.1:80": .init(kind: "10.0.0.1:80"),
            ])
        #expect(loaded.entries["rows.a.trees.fig"] == .file("o.yaml", line: 1, column: 20))
        #expect(loaded.isGiven("rows.a.trees.fig"))
        let later = try Orchard.loaded(
            "rows: {a: {trees: [fig, 10.0.0.1:80]}}", "rows: {a: {trees: [plum]}}",
            environment: ["OUTRIGGER_ROWS_A_TREES_10_0_0_1_80_AGE": "4"])
        #expect(later.configuration.rows["a"]?.trees.names == ["fig", "10.0.0.1:80", "plum"])
        #expect(later.configuration.rows["a"]?.trees["10.0.0.1:80"]?.age == 4)
    }

    @Test func `a table may have scalars, and a list of one may be that one`() throws {
        let loaded = try Orchard.loaded(
            "rows: {a: {yield: {y1: 3, y2: 5}, pickers: me}, b: {pickers: [me, you]}}",
            environment: ["OUTRIGGER_ROWS_A_YIELD_Y2": "7"])
        let rows = loaded.configuration.rows
        #expect(rows["a"]?.yield == ["y1": 3, "y2": 7])
        #expect(rows["a"]?.pickers == ["me"])
        #expect(rows["b"]?.pickers == ["me", "you"])
        #expect(loaded.isGiven("rows.a.yield.y1"))
    }

    @Test func `a later document changes entries key by key and adds others`() throws {
        let loaded = try Orchard.loaded(yaml, "rows: {north: {trees: {a: {age: 4}, d: fig}}}")
        let trees = try #require(loaded.configuration.rows["north"]?.trees)
        #expect(trees["a"] == .init(kind: "plum", age: 4))
        #expect(trees.names == ["b", "a", "c", "d"])
        #expect(loaded.configuration.rows["north"]?.soil == "sand")
    }

    @Test func `the environment overrides names that are declared and adds none`() throws {
        let environment = [
            "OUTRIGGER_ROWS_NORTH_SOIL": "loam", "OUTRIGGER_ROWS_NORTH_TREES_A_KIND": "sloe",
            "OUTRIGGER_ROWS_NORTH_TREES_C": "medlar 9", "OUTRIGGER_ROWS_SOUTH_1_SOIL": "chalk",
            "OUTRIGGER_ROWS_WEST_SOIL": "peat",
        ]
        let loaded = try Orchard.loaded(yaml, environment: environment)
        let rows = loaded.configuration.rows
        #expect(rows.names == ["north", "south-1"])
        #expect(rows["north"]?.soil == "loam")
        #expect(rows["north"]?.trees["a"] == .init(kind: "sloe", age: 3))
        #expect(rows["north"]?.trees["c"] == .init(kind: "medlar", age: 9))
        #expect(rows["south-1"]?.soil == "chalk")
        #expect(loaded.warnings.map(\.location) == [.environment(name: "OUTRIGGER_ROWS_WEST_SOIL")])
    }

    @Test(
        "what is wrong in a table is said with its place",
        arguments: [
            ("rows: 3", "o.yaml:1: rows: found \"3\", expected a table of names"),
            ("rows: [a]", "o.yaml:1: rows: found a list, expected a table of names"),
            ("rows: {a: 3}", "o.yaml:1: rows.a: found \"3\", expected a table"),
            (
                "rows: {a: {trees: {t: a b c}}}",
                "o.yaml:1: rows.a.trees.t: found \"a b c\", expected KIND, or KIND and its years"
            ),
            (
                "rows: {a: {trees: {t: }}}",
                "o.yaml:1: rows.a.trees.t: found nothing, expected KIND, or KIND and its years"
            ),
            ("rows: {a: {trees: 3}}", "o.yaml:1: rows.a.trees: found \"3\", expected a table of names or a list"),
            ("rows: {a: {trees: [{b: c}]}}", "o.yaml:1: rows.a.trees: found a table in the list, expected text"),
            ("rows: {a: {trees: [b, b 2]}}", "o.yaml:1: rows.a.trees: found \"b\" twice, expected each name once"),
            (
                "rows: {a: {trees: ['[b']}}",
                "o.yaml:1: rows.a.trees: found \"[b\", expected a name of letters, digits and .:_- that begins with "
                    + "one of the first two"
            ),
            (
                "rows: {a: {yield: {b: 100}}}",
                "o.yaml:1: rows.a.yield.b: found \"100\", expected a whole number from 0 to 99"
            ),
            (
                "rows: {a: {yield: {b: {c: 1}}}}",
                "o.yaml:1: rows.a.yield.b: found a table, expected a whole number from 0 to 99"
            ),
            (
                "rows: {a: {yield: {b: }}}",
                "o.yaml:1: rows.a.yield.b: found nothing, expected a whole number from 0 to 99"
            ),
            ("rows: {a: {yield: [b]}}", "o.yaml:1: rows.a.yield: found a list, expected a table of names"),
            (
                "rows: {a: {pickers: {b: c}}}",
                "o.yaml:1: rows.a.pickers: found a table, expected text, or a list of such"
            ),
            ("rows: {a: {trees: {t: [x]}}}", "o.yaml:1: rows.a.trees.t: found a list, expected a table"),
            (
                "rows: {a: {trees: {t: {age: x}}}}",
                "o.yaml:1: rows.a.trees.t.age: found \"x\", expected a whole number from 0 to 999"
            ),
            ("rows: {a: {soill: x}}", "o.yaml:1: rows.a.soill: found an unknown key, expected rows.a.soil, perhaps"),
            (
                "rows: {'a b': }",
                "o.yaml:1: rows: found \"a b\", expected a name of letters, digits and .:_- that begins with one of "
                    + "the first two"
            ),
            (
                "rows: {-a: }",
                "o.yaml:1: rows: found \"-a\", expected a name of letters, digits and .:_- that begins with one of the "
                    + "first two"
            ),
        ])
    func sentences(yaml: String, expected: String) throws { #expect(try Orchard.problems(yaml) == [expected]) }

    @Test func `two names that are one name of the environment are a problem, said once`() throws {
        #expect(
            try Orchard.problems("rows:\n  a-b:\n  a.b:\n") == [
                "o.yaml:3: rows.a.b.soil: found a key whose variable OUTRIGGER_ROWS_A_B_SOIL is that of "
                    + "rows.a-b.soil, too; expected another name"
            ])
        #expect(try Orchard.problems("rows: {r: {trees: {a: x, a-age: y}}}").count == 1)
    }

    @Test func `a table has a bounded number of names`() throws {
        let names = (0...SettingTable<Orchard>.entriesMax).map { "a\($0): " }.joined(separator: ",")
        #expect(
            try Orchard.problems("rows: {\(names)}") == [
                "o.yaml:1: rows: found 4097 names, expected at most 4096"
            ])
        #expect(!SettingTable<Orchard>.isName(String(repeating: "a", count: 129)))
        #expect(SettingTable<Orchard>.isName("10.0.0.1:6379"))
    }

    @Test func `the reference shows a table once, under what stands for its names`() {
        let page = Orchard.settings.markdown(defaults: Orchard(), title: "T", introduction: "I.")
        #expect(page.contains("\n## `rows.ROW`\n\nOne row.\n"))
        #expect(page.contains("\n## `rows.ROW.trees`\n\nThe trees by name.\n"))
        #expect(page.contains("| `rows.ROW.trees.TREE` | `KIND [N]` |  | `OUTRIGGER_ROWS_ROW_TREES_TREE` |"))
        #expect(page.contains("| `rows.ROW.trees.TREE.age` | `N` | `1` | `OUTRIGGER_ROWS_ROW_TREES_TREE_AGE` |"))
        let table = Orchard.settings.table(defaults: Orchard())
        #expect(table.split(separator: "\n").count == 1 + Orchard.settings.all.count)
    }

    @Test func `the schema takes any name, and the short form beside the long one`() {
        let schema = Orchard.settings.jsonSchema(defaults: Orchard(), title: "orchard")
        #expect(schema.contains("\"propertyNames\": {\n        \"pattern\": \"^[A-Za-z0-9]"))
        #expect(schema.contains("\"anyOf\": [\n"))
        #expect(schema.contains("\"description\": \"Its years.\""))
        #expect(schema.contains("\"maximum\": 99\n"))
        let page = Orchard.settings.markdown(defaults: Orchard(), title: "T", introduction: "I.")
        #expect(page.contains("| `rows.ROW.yield.YEAR` | `N` |  | `OUTRIGGER_ROWS_ROW_YIELD_YEAR` |"))
        #expect(page.contains("| `rows.ROW.pickers` | `one or a list of TEXT` |"))
    }
}

struct SettingsReloadTests {
    private func reload(_ old: String, _ new: String) throws -> (Orchard, SettingChanges) {
        var current = try Orchard.loaded(old).configuration
        let changes = Orchard.settings.reload(&current, with: try Orchard.loaded(new).configuration)
        return (current, changes)
    }

    @Test func `the same configuration changes nothing`() throws {
        let (_, changes) = try reload("rows: {a: {trees: {t: fig}}}", "rows: {a: {trees: {t: {kind: fig}}}}")
        #expect(changes.isEmpty)
    }

    @Test func `what changes while running is taken over, the rest waits for a restart`() throws {
        let (current, changes) = try reload(
            "rows: {a: {soil: sand, owner: me, trees: {t: fig 2}}}", "rows: {a: {soil: clay, trees: {t: plum 3}}}")
        #expect(changes.applied == ["rows.a.trees.t.kind", "rows.a.owner"])
        #expect(changes.waiting == ["rows.a.soil", "rows.a.trees.t.age"])
        let expected = try Orchard.loaded("rows: {a: {soil: sand, trees: {t: plum 2}}}").configuration
        #expect(current == expected)
    }

    @Test func `entries come and go where the table changes while running`() throws {
        let (current, changes) = try reload(
            "rows: {a: {trees: {t: fig, u: plum}}}", "rows: {a: {trees: {v: pear, t: fig 9}}, b: }")
        #expect(changes.applied == ["rows.a.trees.u", "rows.a.trees.v"])
        #expect(changes.waiting == ["rows.a.trees.t.age", "rows.b"])
        #expect(current.rows["a"]?.trees == ["v": .init(kind: "pear"), "t": .init(kind: "fig")])
        #expect(current.rows.names == ["a"])
    }

    @Test func `scalars of a table change, come and go`() throws {
        let (current, changes) = try reload(
            "rows: {a: {yield: {x: 1, y: 2}}}", "rows: {a: {yield: {x: 5, z: 3}}}")
        #expect(changes.applied == ["rows.a.yield.x", "rows.a.yield.y", "rows.a.yield.z"])
        #expect(current.rows["a"]?.yield == ["x": 5, "z": 3])
    }

    @Test func `another order of the names is a change`() throws {
        let (current, changes) = try reload(
            "rows: {a: {trees: {t: fig, u: fig}}}", "rows: {a: {trees: {u: fig, t: fig}}}")
        #expect(changes.applied == ["rows.a.trees"])
        #expect(current.rows["a"]?.trees.names == ["u", "t"])
    }
}
