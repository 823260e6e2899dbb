// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Runtime

/// `outrigger describe`: what can be said of Outrigger without starting it.
struct Describe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints references that are made from the code.",
        discussion: """
            Example:
              outrigger describe settings --format markdown
            """, subcommands: [Settings.self])

    struct Settings: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists every setting with its default.",
            discussion: """
                Examples:
                  outrigger describe settings
                  outrigger describe settings --format json-schema > settings.schema.json
                """)

        enum Format: String, CaseIterable, ExpressibleByArgument {
            case table, markdown
            case jsonSchema = "json-schema"
        }

        @Option(help: "How the list is written.") var format = Format.table

        func run() {
            switch format {
            case .table: print(ConfigurationReference.table, terminator: "")
            case .markdown: print(ConfigurationReference.markdown, terminator: "")
            case .jsonSchema: print(ConfigurationReference.jsonSchema, terminator: "")
            }
        }
    }
}
