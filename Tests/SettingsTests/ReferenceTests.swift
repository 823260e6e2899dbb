// SPDX-License-Identifier: Apache-2.0

import Settings
import Testing

struct ReferenceTests {
    private let settings = Garden.settings

    @Test func `the table has a line for each setting`() {
        let lines = settings.table(defaults: Garden()).split(separator: "\n")
        #expect(lines.count == 1 + settings.all.count)
        #expect(lines[0].hasPrefix("KEY            VALUE"))
        #expect(lines.contains("pump.interval  DURATION      5s            The wait. Changes while running."))
        #expect(lines.contains("key            DIGITS        -             Opens the gate. A secret."))
    }

    @Test func `a page has the environment and the flags of each setting`() {
        let page = settings.markdown(defaults: Garden(), title: "T", introduction: "I.")
        #expect(page.hasPrefix("# T\n\nI.\n\n## `pump`\n\nThe pump.\n\n| key | "))
        #expect(
            page.contains(
                "| `trees` | `N` | `3` | `OUTRIGGER_TREES` | `-t` `--trees` `--tree-count` | How many trees. |\n"))
        #expect(page.contains("| `name` | `TEXT` | `Eden` | `OUTRIGGER_NAME` `GARDEN` |  | Its name. |\n"))
        #expect(page.contains("`clay\\|sand`"))
    }

    @Test func `no reference shows a secret's default`() {
        let references = [
            settings.table(defaults: Garden()), settings.flagHelp(defaults: Garden()),
            settings.markdown(defaults: Garden(), title: "T", introduction: "I."),
            settings.jsonSchema(defaults: Garden(), title: "T"),
        ]
        for reference in references { #expect(!reference.contains("271828")) }
    }

    @Test func `help shows the flags of each group`() {
        let help = settings.flagHelp(defaults: Garden())
        #expect(
            help.contains("pump: The pump.\n      --interval-seconds SECONDS  Seconds. [5s]\n  -H, --pump-port PORT"))
        #expect(help.contains("      --open[=true|false]  "))
        #expect(help.contains("May be given again."))
    }

    @Test func `the schema has types, ranges, choices and defaults`() {
        let schema = settings.jsonSchema(defaults: Garden(), title: "garden")
        #expect(schema.hasPrefix("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"))
        #expect(
            schema.contains(
                """
                    "trees": {
                      "description": "How many trees.",
                      "type": "integer",
                      "minimum": 0,
                      "maximum": 9,
                      "default": 3
                    },
                """))
        #expect(schema.contains("\"default\": []"))
        #expect(schema.contains("\"type\": [\n        \"string\",\n        \"integer\"\n      ]"))
        #expect(schema.contains("\"additionalProperties\": false"))
        #expect(schema.contains("\"enum\": [\n        \"clay\",\n        \"sand\",\n        \"beach\"\n      ]"))
    }
}
