// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc
internal import Runtime

@main struct Outrigger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outrigger",
        abstract: "Gives an app, without changing it, what a distributed system needs.",
        discussion: """
            Examples:
              outrigger run -a cart -p 8080 -- python3 cart.py
              outrigger run -a web -p 8080 --https 8443 -- ./legacy
              outrigger run --config outrigger.yaml
              outrigger check --config outrigger.yaml
              outrigger routes
              outrigger describe settings
            """,
        version: ConfigurationReference.version,
        subcommands: [
            Run.self, Check.self, PubSub.self, Shards.self, Routes.self, Describe.self, NutcrackerCommand.self,
        ])

    /// Whoever calls this program `nutcracker` gets a nutcracker.
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.first?.split(separator: "/").last == "nutcracker" else { return await main(nil) }
        Glibc.exit(await NutcrackerCommand.run(Array(arguments.dropFirst())))
    }
}
