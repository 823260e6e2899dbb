// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Runtime

/// `outrigger nutcracker`, or this program under the name `nutcracker`: a drop-in for twemproxy.
struct NutcrackerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nutcracker",
        abstract: "Runs in the place of twemproxy's nutcracker, with its flags and its nutcracker.yml.",
        usage: "outrigger nutcracker [flags]",
        discussion: """
            The flags are in: outrigger nutcracker --help

            Examples:
              outrigger nutcracker -t -c conf/nutcracker.yml
              ln -s /usr/bin/outrigger /usr/local/sbin/nutcracker
            """)

    /// Read by Runtime, as getopt_long would.
    @Argument(parsing: .captureForPassthrough, help: .hidden) var arguments: [String] = []

    func run() async throws { throw ExitCode(await Self.run(arguments)) }

    /// Runs with twemproxy's flags; returns the exit status.
    static func run(_ arguments: [String]) async -> Int32 {
        do throws(NutcrackerOptions.UsageError) {
            let options = try NutcrackerOptions(arguments, environment: processEnvironment())
            return await Nutcracker.run(options, arguments: CommandLine.arguments)
        } catch {
            return Nutcracker.refuse(error)
        }
    }
}
