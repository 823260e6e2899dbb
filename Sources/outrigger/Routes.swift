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

            Where the data directory knows none, the process at 127.0.0.1:9090 is asked.

            Examples:
              outrigger routes
              outrigger routes split web everything v1=80 v2=20
              outrigger routes compare web
              outrigger routes --admin 127.0.0.1:9090 --json
            """,
        subcommands: [Show.self, Split.self, Compare.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows routes, splits as they are meant and measured, endpoints and their health.",
            discussion: """
                Example:
                  outrigger routes --proxy web
                """)

        @Option(help: "Only this proxy.") var proxy: String?
        @OptionGroup var sidecars: AskedSidecars

        func run() async throws { try await sidecars.ask(.routes(proxy: proxy)) }
    }

    struct Split: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes the weights of a route while it runs.",
            discussion: """
                They last until the process ends or its file says something else of the route; routes shows that. All \
                weights are given; an upstream that isn't named gets no requests. A sidecar whose admin listener \
                isn't on loopback asks for the API token, which is read from DAPR_API_TOKEN.

                Example:
                  outrigger routes split web everything v1=80 v2=20
                """)

        @Argument(help: "The proxy's name.") var proxy: String
        @Argument(help: "The route's name.") var route: String
        @Argument(help: ArgumentHelp("The weights.", valueName: "upstream=weight")) var weights: [Weight]
        @OptionGroup var sidecars: AskedSidecars

        func validate() throws {
            guard !weights.isEmpty else { throw ValidationError("Expected weights, such as v1=80 v2=20.") }
        }

        func run() async throws {
            let weights = weights.map { (upstream: $0.upstream, weight: $0.weight) }
            try await sidecars.ask(.split(proxy: proxy, route: route, weights: weights))
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
        @OptionGroup var sidecars: AskedSidecars

        func run() async throws { try await sidecars.ask(.comparison(proxy: proxy, route: route)) }
    }
}

extension AskedSidecars {
    fileprivate func ask(_ question: RoutesInquiry.Question) async throws {
        try await ask(RoutesInquiry(question, isJSON: json))
    }
}
