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
        @Option(name: [.customShort("a"), .long], help: "Only the sidecars of this app.") var appID: String?
        @Option(
            help: ArgumentHelp(
                "The admin listener of the one process to ask (default: the data directory's, or 127.0.0.1:9090).",
                valueName: "host:port"))
        var admin: String?
        @Option(help: "The data directory of the sidecars to ask; without one, the default of `outrigger run`.")
        var dataDir: String?
        @Flag(help: "Prints JSON: an array with the answer of each process.") var json = false

        func validate() throws {
            guard admin == nil || dataDir == nil && appID == nil else {
                throw ValidationError("--admin names one process; leave out --data-dir and --app-id.")
            }
        }

        func ask(_ question: ShardsInquiry.Question) async throws {
            let search = SidecarSearch(
                admin: admin, dataPath: dataDir, appID: appID, environment: processEnvironment())
            do throws(InquiryError) {
                let inquiry = ShardsInquiry(question, pool: pool, isJSON: json)
                print(try await inquiry.answer(from: search), terminator: "")
            } catch {
                StandardError.write(error.description)
                throw ExitCode(error.exitStatus)
            }
        }
    }

    struct Servers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows each server: address, share of the keys, health, counters (the default).",
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
