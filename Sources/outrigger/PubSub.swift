// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Runtime

/// `outrigger pubsub`: asks running sidecars what became of their messages.
struct PubSub: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pubsub",
        abstract: "Shows the subscriptions of running sidecars and what is parked, and replays it.",
        discussion: """
            Without a subcommand it shows each subscription: how many messages it is behind, how old the oldest of \
            them is, and how many were tried in vain and are parked. Its flags are in: outrigger pubsub \
            subscriptions --help

            Examples:
              outrigger pubsub
              outrigger pubsub parked --topic orders --data
              outrigger pubsub replay --topic orders
              outrigger pubsub --admin 127.0.0.1:9090 --json
            """,
        subcommands: [Subscriptions.self, Parked.self, Replay.self], defaultSubcommand: Subscriptions.self)

    /// Which sidecars are asked, and about what.
    struct Scope: ParsableArguments {
        @Option(help: "Only this pub/sub component.") var pubsub: String?
        @Option(help: "Only this topic.") var topic: String?
        @OptionGroup var sidecars: AskedSidecars

        func ask(_ question: PubSubInquiry.Question, showsData: Bool = false) async throws {
            try await sidecars.ask(
                PubSubInquiry(
                    question, pubsub: pubsub, topic: topic, showsData: showsData, isJSON: sidecars.json))
        }
    }

    struct Subscriptions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows each subscription: lag, age of the oldest message, parked ones.",
            discussion: """
                Example:
                  outrigger pubsub --app-id mailer
                """)

        @OptionGroup var scope: Scope

        func run() async throws { try await scope.ask(.subscriptions) }
    }

    struct Parked: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists messages that were tried in vain and have no dead letter topic.",
            discussion: """
                Example:
                  outrigger pubsub parked --topic orders --data
                """)

        @OptionGroup var scope: Scope
        @Flag(help: "Prints the messages' payloads too.") var data = false

        func run() async throws { try await scope.ask(.parked, showsData: data) }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delivers parked messages to their app again, as if they were new.",
            discussion: """
                Mend the app first. The messages come behind those that were published since. A sidecar whose admin \
                listener isn't on loopback asks for the API token, which is read from DAPR_API_TOKEN.

                Example:
                  outrigger pubsub replay --app-id mailer --topic orders
                """)

        @OptionGroup var scope: Scope

        func run() async throws { try await scope.ask(.replay) }
    }
}
