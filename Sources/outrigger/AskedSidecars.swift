// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Runtime

/// Which running sidecars a command asks, and how it prints their answers.
struct AskedSidecars: ParsableArguments {
    @Option(name: [.customShort("a"), .long], help: "Only the sidecars of this app.") var appID: String?
    @Option(
        help: ArgumentHelp(
            "The admin listener of the one process to ask; without one, those that the data directory knows.",
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

    /// Prints what they answer; what went wrong is told on standard error, and ends the process.
    func ask(_ inquiry: some Inquiry) async throws {
        let search = SidecarSearch(admin: admin, dataPath: dataDir, appID: appID, environment: processEnvironment())
        do throws(InquiryError) {
            print(try await inquiry.answer(from: search), terminator: "")
        } catch {
            StandardError.write(error.description)
            throw ExitCode(error.exitStatus)
        }
    }
}
