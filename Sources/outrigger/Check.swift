// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Runtime

/// `outrigger check`: reads what `run` would read and says what is wrong with it.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what is wrong with the configuration and the resources, and starts nothing.",
        usage: "outrigger check [flags]", discussion: "The flags and examples are in: outrigger check --help")

    @Argument(parsing: .captureForPassthrough, help: .hidden) var arguments: [String] = []

    func run() throws {
        switch try InvocationRequest.read(arguments) {
        case .help: print(ConfigurationReference.checkHelp, terminator: "")
        case .version: print(ConfigurationReference.version)
        case .run(let invocation):
            for line in invocation.notes { StandardError.write(line) }
            print(invocation.summary)
        }
    }
}
