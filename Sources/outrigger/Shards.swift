// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Runtime

/// `outrigger shards`: asks running ambassadors about their pools.
struct Shards: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shards",
        abstract: "Shows the servers of running pools, their share of the keys and their health.",
        discussion: """
            Without a subcommand it shows each server: its address, its share of the keys, whether it is alive, and \
            what it has been sent. Its flags are in: outrigger shards servers --help

            Where the data directory knows none, the process at 127.0.0.1:9090 is asked.

            Examples:
              outrigger shards
              outrigger shards where user:42
              outrigger shards hot --pool cache
              outrigger shards --admin 127.0.0.1:9090 --json
            """,
        subcommands: [Servers.self, Where.self, Hot.self, Slow.self], defaultSubcommand: Servers.self)

    /// Which processes are asked, and about what.
    struct Scope: ParsableArguments {
        @Option(help: "Only this pool.") var pool: String?
        @OptionGroup var sidecars: AskedSidecars

        func ask(_ question: ShardsInquiry.Question) async throws {
            try await sidecars.ask(ShardsInquiry(question, pool: pool, isJSON: sidecars.json))
        }
    }

    struct Servers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows each server: address, share of the keys, health, counters.",
            discussion: """
                Example:
                  outrigger shards --pool cache
                """)

        @OptionGroup var scope: Scope

        func run() async throws { try await scope.ask(.servers) }
    }

    struct Where: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says on which server a key lives.",
            discussion: """
                The running pool is asked, so that the answer takes ejected servers into account.

                Example:
                  outrigger shards where user:42
                """)

        @Argument(help: "The key, as clients write it.") var key: String
        @OptionGroup var scope: Scope

        func run() async throws { try await scope.ask(.place(key: key)) }
    }

    struct Hot: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the keys that are asked for most, from a sample.",
            discussion: """
                Example:
                  outrigger shards hot
                """)

        @OptionGroup var scope: Scope

        func run() async throws { try await scope.ask(.hotKeys) }
    }

    struct Slow: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the latest commands that took long.",
            discussion: """
                Example:
                  outrigger shards slow
                """)

        @OptionGroup var scope: Scope

        func run() async throws { try await scope.ask(.slowCommands) }
    }
}
