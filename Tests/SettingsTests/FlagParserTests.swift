// SPDX-License-Identifier: Apache-2.0

import Core
import Settings
import Testing

struct FlagParserTests {
    private func parse(_ arguments: String...) throws -> ParsedArguments {
        try FlagParser(Garden.settings.flagForms).parse(arguments)
    }

    @Test(
        "a value is taken in every form that users write",
        arguments: [["--trees", "5"], ["--trees=5"], ["-t", "5"], ["-t5"], ["-t=5"], ["--tree-count", "5"]])
    func values(arguments: [String]) throws {
        let flags = try FlagParser(Garden.settings.flagForms).parse(arguments).flags
        #expect(flags.map(\.name) == ["trees"])
        #expect(flags.map(\.value) == ["5"])
    }

    @Test func `a value may begin with a dash or hold an equals sign`() throws {
        #expect(try parse("--trees", "-1").flags[0].value == "-1")
        #expect(try parse("--shed=a=b").flags[0].value == "a=b")
        #expect(try parse("--shed=").flags[0].value == "")
    }

    @Test func `a switch alone means true and takes its value after an equals sign`() throws {
        #expect(try parse("--open").flags[0].value == "true")
        #expect(try parse("--open=false").flags[0].value == "false")
        #expect(
            Garden.problems(arguments: ["--open=maybe"]) == [
                "flag --open: is-open: found \"maybe\", expected true or false"
            ])
    }

    @Test func `two dashes end the flags and begin the command`() throws {
        let parsed = try parse("-t", "5", "--", "app", "--trees", "--", "-x")
        #expect(parsed.flags.count == 1)
        #expect(parsed.command == ["app", "--trees", "--", "-x"])
        #expect(try parse("-t5").command == nil)
        #expect(try parse("--").command == [])
    }

    @Test(
        "what is no flag is refused",
        arguments: [
            (["--tress", "5"], ["flag --tress: found an unknown flag, expected --trees, perhaps"]),
            (
                ["--zzz", "-z"],
                ["flag --zzz: found an unknown flag; see --help", "flag -z: found an unknown flag; see --help"]
            ),
            (["--trees"], ["flag --trees: found nothing after it, expected a value"]),
            (
                ["--open", "false"],
                [
                    "flag false: found a word that belongs to no flag; a switch has its value after =, and the app's "
                        + "command follows --"
                ]
            ),
            (
                ["-"],
                [
                    "flag -: found a word that belongs to no flag; a switch has its value after =, and the app's "
                        + "command follows --"
                ]
            ),
        ])
    func problems(arguments: [String], expected: [String]) {
        #expect(Garden.problems(arguments: arguments) == expected)
    }

    @Test func `a flag that is known only to be refused is not suggested`() {
        let parser = FlagParser([FlagForm(names: ["wait"], isSuggested: false)])
        #expect(throws: Problems.self) { try parser.parse(["--wai"]) }
        do throws(Problems) { _ = try parser.parse(["--wai"]) } catch { #expect(!error.description.contains("--wait")) }
    }
}
