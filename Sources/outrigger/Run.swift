// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Runtime

/// `outrigger run`: parses, and hands over to Runtime.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the sidecar, beside an app if a command is given.",
        usage: "outrigger run [flags] [-- command args…]",
        discussion: "The flags and examples are in: outrigger run --help")

    /// The flags are read by Settings from its declarations; see there why.
    @Argument(parsing: .captureForPassthrough, help: .hidden) var arguments: [String] = []

    func run() async throws {
        switch try InvocationRequest.read(arguments) {
        case .help: print(ConfigurationReference.runHelp, terminator: "")
        case .version: print(ConfigurationReference.version)
        case .run(let invocation): throw ExitCode(await Runtime.run(invocation))
        }
    }
}
