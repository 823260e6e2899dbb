// SPDX-License-Identifier: Apache-2.0

import Core
import Settings
import Testing

struct SettingsLoaderTests {
    @Test func `without anything given the defaults stand`() throws {
        let loaded = try Garden.loaded()
        #expect(loaded.configuration == Garden())
        #expect(loaded.origins.isEmpty)
        #expect(loaded.warnings.isEmpty)
    }

    @Test func `a file sets values of every type`() throws {
        let loaded = try Garden.loaded(yaml: [
            """
            name: 12
            owner: ""
            trees: 7
            is-open: false
            soil: beach
            water: 4Ki
            key: 42
            shed: /shed
            paths: [a, ./b, /c]
            pump: {interval: 1m, listen: "[::1]:0"}
            """
        ])
        var expected = Garden()
        expected.name = "12"
        expected.owner = ""
        expected.trees = 7
        expected.isOpen = false
        expected.soil = .sand
        expected.water = .kibibytes(4)
        expected.key = "42"
        expected.shed = "/shed"
        expected.paths = ["a", "./b", "/c"]
        expected.pump.interval = .seconds(60)
        expected.pump.listen = ListenAddress(host: "::1", port: 0)
        #expect(loaded.configuration == expected)
        #expect(loaded.origins["pump.interval"] == .file("g.yaml", line: 10, column: 18))
    }

    @Test func `later documents win, key by key`() throws {
        let loaded = try Garden.loaded(yaml: [
            "trees: 1\npump: {interval: 1s}", "trees: 2\n---\npump: {listen: 'a:1'}\n",
        ])
        #expect(loaded.configuration.trees == 2)
        #expect(loaded.configuration.pump == .init(interval: .seconds(1), listen: ListenAddress(host: "a", port: 1)))
    }

    @Test func `a flag wins over the environment, the environment over the file`() throws {
        let yaml = ["trees: 1\nname: file\npump: {interval: 1s}"]
        let environment = ["OUTRIGGER_TREES": "2", "OUTRIGGER_NAME": "environment"]
        let loaded = try Garden.loaded(yaml: yaml, environment: environment, arguments: ["--trees", "3"])
        #expect(loaded.configuration.trees == 3)
        #expect(loaded.configuration.name == "environment")
        #expect(loaded.configuration.pump.interval == .seconds(1))
        #expect(loaded.origins["trees"] == .flag(name: "--trees"))
        #expect(loaded.origins["name"] == .environment(name: "OUTRIGGER_NAME"))
    }

    @Test func `a key without a value takes an optional one away`() throws {
        #expect(try Garden.loaded(yaml: ["owner: me", "owner:"]).configuration.owner == nil)
    }

    @Test func `a path in a file is relative to the file's folder`() throws {
        let yaml = ["shed: ./shed\npaths: [a, /b, .]\nname: ./n"]
        let configuration = try Garden.loaded(yaml: yaml, file: "conf/g.yaml").configuration
        #expect(configuration.shed == "conf/shed")
        #expect(configuration.paths == ["conf/a", "/b", "conf"])
        #expect(configuration.name == "./n")
        #expect(try Garden.loaded(yaml: ["shed: s"], file: "/g.yaml").configuration.shed == "/./s")
    }

    @Test func `a path of a flag or of the environment stays as it is`() throws {
        let loaded = try Garden.loaded(environment: ["OUTRIGGER_PATHS": "a,./b"], arguments: ["--shed", "./s"])
        #expect(loaded.configuration.paths == ["a", "./b"])
        #expect(loaded.configuration.shed == "./s")
    }

    @Test func `a further name of the environment works, and the setting's own wins over it`() throws {
        #expect(try Garden.loaded(environment: ["GARDEN": "a"]).configuration.name == "a")
        let both = ["GARDEN": "a", "OUTRIGGER_NAME": "b"]
        #expect(try Garden.loaded(environment: both).configuration.name == "b")
    }

    @Test func `an empty variable counts as none`() throws {
        #expect(try Garden.loaded(environment: ["OUTRIGGER_TREES": ""]).configuration.trees == 3)
    }

    @Test func `an unknown name of the environment is a warning with a suggestion`() throws {
        let environment = ["OUTRIGGER_PUMP_INTERVALL": "1s", "OUTRIGGER_SERVICE_HOST": "x", "OTHER": "y"]
        #expect(
            try Garden.loaded(environment: environment).warnings.map(\.description) == [
                "environment OUTRIGGER_PUMP_INTERVALL: found a name of no setting; it is left out, "
                    + "expected OUTRIGGER_PUMP_INTERVAL, perhaps",
                "environment OUTRIGGER_SERVICE_HOST: found a name of no setting; it is left out",
            ])
    }

    @Test func `a flag for a part leaves the other part as it is`() throws {
        let loaded = try Garden.loaded(yaml: ["pump: {listen: 'a:1'}"], arguments: ["-H", "2"])
        #expect(loaded.configuration.pump.listen == ListenAddress(host: "a", port: 2))
    }

    @Test func `it is known which part of a value was given`() throws {
        let host = try Garden.loaded(arguments: ["--pump-host", "b"])
        #expect(!host.isGiven("pump.listen.port"))
        #expect(host.isGiven("pump.listen.host"))
        #expect(!host.isGiven("pump.listen"))
        #expect(try Garden.loaded(arguments: ["-H2"]).origin(of: "pump.listen.port") == .flag(name: "-H"))
        #expect(try Garden.loaded(yaml: ["pump: {listen: 'a:1'}"]).isGiven("pump.listen.port"))
    }

    @Test func `a list's flag adds up and replaces the list of the file`() throws {
        let loaded = try Garden.loaded(yaml: ["paths: [x]"], arguments: ["-d", "a", "--path=b", "-dc"])
        #expect(loaded.configuration.paths == ["a", "b", "c"])
    }

    @Test func `seconds without a unit are for flags only`() throws {
        #expect(try Garden.loaded(arguments: ["--interval-seconds", "7"]).configuration.pump.interval == .seconds(7))
        #expect(try Garden.loaded(arguments: ["--interval-seconds=7m"]).configuration.pump.interval == .seconds(420))
        #expect(Garden.problems(yaml: "pump: {interval: 7}").count == 1)
    }
}

struct SettingsProblemTests {
    @Test(
        "a wrong value is a line with its place, its key, what was found and what is expected",
        arguments: [
            ("trees: 10", "g.yaml:1: trees: found \"10\", expected a whole number from 0 to 9"),
            ("trees: +1", "g.yaml:1: trees: found \"+1\", expected a whole number from 0 to 9"),
            ("trees:", "g.yaml:1: trees: found nothing, expected a whole number from 0 to 9"),
            ("trees: [1]", "g.yaml:1: trees: found a list, expected a whole number from 0 to 9"),
            ("trees: {a: 1}", "g.yaml:1: trees: found a table, expected a whole number from 0 to 9"),
            ("\nis-open: yes", "g.yaml:2: is-open: found \"yes\", expected true or false"),
            ("soil: mud", "g.yaml:1: soil: found \"mud\", expected clay, sand or beach"),
            ("water: 1B", "g.yaml:1: water: found \"1B\", expected an amount of bytes from 1KiB to 1MiB, such as 4MiB"),
            ("owner: [a]", "g.yaml:1: owner: found a list, expected text"),
            ("paths: a", "g.yaml:1: paths: found \"a\", expected a list, each a path"),
            ("paths:\n- a\n- {b: c}", "g.yaml:3: paths: found a table in the list, expected a list, each a path"),
            ("paths: ['']", "g.yaml:1: paths: found a list, expected a list, each a path"),
            ("paths: {a: b}", "g.yaml:1: paths: found a table, expected a list, each a path"),
            ("pump: 3", "g.yaml:1: pump: found \"3\", expected a table"),
            (
                "pump: {interval: 2m}",
                "g.yaml:1: pump.interval: found \"2m\", expected a duration from 0s to 1m, such as 200ms or 1m30s"
            ),
            (
                "pump: {listen: '80'}",
                "g.yaml:1: pump.listen: found \"80\", expected an address HOST:PORT, such as 127.0.0.1:3500"
            ),
            ("[a]", "g.yaml:1: found a list, expected a table"),
            (
                "pump:\n  intervall: 1s",
                "g.yaml:2: pump.intervall: found an unknown key, expected pump.interval, perhaps"
            ),
            ("pump: {zzzzzz: 1}", "g.yaml:1: pump.zzzzzz: found an unknown key, expected interval or listen"),
        ])
    func sentences(yaml: String, expected: String) { #expect(Garden.problems(yaml: yaml) == [expected]) }

    @Test func `all problems of all sources are told at once`() {
        let problems = Garden.problems(
            yaml: "trees: x\nsoil: y\nnam: z", environment: ["OUTRIGGER_TREES": "no"], arguments: ["--trees", "-1"])
        #expect(
            problems == [
                "g.yaml:1: trees: found \"x\", expected a whole number from 0 to 9",
                "g.yaml:2: soil: found \"y\", expected clay, sand or beach",
                "g.yaml:3: nam: found an unknown key, expected name, perhaps",
                "environment OUTRIGGER_TREES: trees: found \"no\", expected a whole number from 0 to 9",
                "flag --trees: trees: found \"-1\", expected a whole number from 0 to 9",
            ])
    }

    @Test func `the value of a secret is in no problem`() {
        let problems =
            Garden.problems(yaml: "key: hunter") + Garden.problems(environment: ["OUTRIGGER_KEY": "hunter"])
        #expect(
            problems == [
                "g.yaml:1: key: found a value, expected digits",
                "environment OUTRIGGER_KEY: key: found a value, expected digits",
            ])
    }

    @Test func `two settings with one name in the environment are found`() {
        let group = SettingGroup<Garden>(
            "Two.",
            [
                .setting("a-b", \.name, .text, "One."), .setting("a_b", \.name, .text, "Two."),
                .setting("c", \.name, .text, "Three.", flags: [.flag("x", short: "x"), .flag("y", short: "x")]),
            ])
        #expect(group.collisions == ["OUTRIGGER_A_B", "-x"])
        #expect(Garden.settings.collisions.isEmpty)
    }

    @Test func `a loader refuses settings that claim one name`() async {
        await #expect(processExitsWith: .failure) {
            let group = SettingGroup<Garden>(
                "Two.", [.setting("a-b", \.name, .text, "One."), .setting("a_b", \.name, .text, "Two.")])
            _ = SettingsLoader(group, defaults: Garden())
        }
    }
}
