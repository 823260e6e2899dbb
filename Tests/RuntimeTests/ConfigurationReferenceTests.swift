// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Runtime
import Testing

/// The generated pages are what the declarations say.
struct ConfigurationReferenceTests {
    private func page(_ name: String) throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try String(contentsOfFile: "/\(root)/docs/reference/\(name)", encoding: .utf8)
    }

    @Test func `docs/reference/settings.md is up to date`() throws {
        #expect(
            try page("settings.md") == ConfigurationReference.markdown,
            "Run: outrigger describe settings --format markdown > docs/reference/settings.md")
    }

    @Test func `docs/reference/settings.schema.json is up to date`() throws {
        #expect(
            try page("settings.schema.json") == ConfigurationReference.jsonSchema,
            "Run: outrigger describe settings --format json-schema > docs/reference/settings.schema.json")
    }

    @Test func `help names the flags and has examples`() {
        for help in [ConfigurationReference.runHelp, ConfigurationReference.checkHelp] {
            #expect(help.contains("Examples:\n  outrigger "))
            #expect(help.contains("-p, --app-port PORT"))
            #expect(!help.contains("--enable-profiling"))
        }
    }

    @Test func `the table lists every setting`() {
        #expect(ConfigurationReference.table.contains("\napp.restart.policy "))
        #expect(ConfigurationReference.table.contains("\nresources "))
    }
}
