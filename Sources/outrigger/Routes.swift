// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Runtime

/// `outrigger routes`: asks running HTTP proxies about their routes, and changes splits.
struct Routes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes",
        abstract: "Shows the routes of running HTTP proxies, their splits, endpoints and health.",
        discussion: """
            Without a subcommand it shows each route in the order in which they are tried, where its requests go and \
            have gone, and how each endpoint is. Its flags are in: outrigger routes show --help

            Examples:
              outrigger routes
              outrigger routes split web everything v1=80 v2=20
              outrigger routes compare web
              outrigger routes --admin 127.0.0.1:9090 --json
            """,
        subcommands: [Show.self, Split.self, Compare.self], defaultSubcommand: Show.self)

    /// Which processes are asked.
    struct Scope: ParsableArguments {
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

        func ask(_ question: RoutesInquiry.Question) async throws {
            let search = SidecarSearch(
                admin: admin, dataPath: dataDir, appID: appID, environment: processEnvironment())
            do throws(InquiryError) {
                print(try await RoutesInquiry(question, isJSON: json).answer(from: search), terminator: "")
            } catch {
                StandardError.write(error.description)
                throw ExitCode(error.exitStatus)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows routes, splits as they are meant and measured, endpoints and their health (the default).",
            discussion: """
                Example:
                  outrigger routes --proxy web
                """)

        @Option(help: "Only this proxy.") var proxy: String?
        @OptionGroup var scope: Scope

        func run() async throws { try await scope.ask(.routes(proxy: proxy)) }
    }

    struct Split: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes the weights of a route until the configuration is read again.",
            discussion: """
                All weights are given; an upstream that isn't named gets no requests. A sidecar whose admin listener \
                isn't on loopback asks for the API token, which is read from DAPR_API_TOKEN.

                Example:
                  outrigger routes split web everything v1=80 v2=20
                """)

        @Argument(help: "The proxy's name.") var proxy: String
        @Argument(help: "The route's name.") var route: String
        @Argument(help: ArgumentHelp("The weights.", valueName: "upstream=weight")) var weights: [Weight]
        @OptionGroup var scope: Scope

        func validate() throws {
            guard !weights.isEmpty else { throw ValidationError("Expected weights, such as v1=80 v2=20.") }
        }

        func run() async throws {
            let weights = weights.map { (upstream: $0.upstream, weight: $0.weight) }
            try await scope.ask(.split(proxy: proxy, route: route, weights: weights))
        }
    }

    /// `v1=80`
    struct Weight: ExpressibleByArgument {
        let upstream: String
        let weight: Int

        init?(argument: String) {
            let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, let weight = Int(parts[1]), weight >= 0 else { return nil }
            upstream = String(parts[0])
            self.weight = weight
        }
    }

    struct Compare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows where the answers to mirrored requests differ.",
            discussion: """
                Example:
                  outrigger routes compare web everything
                """)

        @Argument(help: "Only this proxy.") var proxy: String?
        @Argument(help: "Only this route.") var route: String?
        @OptionGroup var scope: Scope

        func run() async throws { try await scope.ask(.comparison(proxy: proxy, route: route)) }
    }
}
