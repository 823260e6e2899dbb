// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Glibc
import Logging
import Sidecar
import Telemetry
import WireYAML

/// The ambassador in the place of twemproxy: with its flags, its file, its statistics, its signals.
package enum Nutcracker {
    /// Runs until a signal asks for the end; returns the process's exit status.
    package static func run(_ options: NutcrackerOptions, arguments: [String]) async -> Int32 {
        if options.showsHelp || options.showsVersion || options.describesStatistics {
            printError(NutcrackerText.version)
            if options.showsHelp { printError(NutcrackerText.usage) }
            if options.describesStatistics { printError(NutcrackerText.statistics) }
            return 0
        }
        if options.testsConfiguration { return test(options) }
        if options.daemonizes {
            guard BackgroundProcess.isThisOne else { return BackgroundProcess.start(arguments: arguments) }
            BackgroundProcess.takeName(of: arguments[0])
            // So that clients of other users may use its sockets, as with twemproxy.
            umask(0)
        }
        let log = options.output.map { NutcrackerLogFile(path: $0) }
        do throws(FileError) {
            try log?.open()
        } catch {
            printError("nutcracker: \(error)")
            return ExitStatus.failure
        }
        return await NutcrackerProcess(options, log: log).run()
    }

    /// What is wrong with the flags, and how they are used.
    package static func refuse(_ error: NutcrackerOptions.UsageError) -> Int32 {
        printError("\(error)")
        printError(NutcrackerText.usage)
        return ExitStatus.failure
    }

    private static func test(_ options: NutcrackerOptions) -> Int32 {
        let isRight: Bool
        do throws(Problems) {
            _ = try options.file()
            isRight = true
        } catch {
            printError(error.description)
            isRight = false
        }
        let verdict = isRight ? "ok" : "invalid"
        printError("nutcracker: configuration file '\(options.configuration)' syntax is \(verdict)")
        return isRight ? 0 : ExitStatus.failure
    }

    private static func printError(_ text: String) {
        let line = text + "\n"
        _ = write(STDERR_FILENO, line, line.utf8.count)
    }
}

extension NutcrackerOptions {
    /// Reads the configuration.
    func file() throws(Problems) -> NutcrackerFile {
        let file = ConfigurationFile(path: configuration, origin: .flag(name: "-c"), key: "")
        let documents: [DocumentNode]
        do throws(Problem) { documents = try file.documents(.blocks) } catch { throw Problems([error]) }
        return try NutcrackerFile(
            documents.first, file: configuration, compatibility: isCompatible ? .twemproxy : .none)
    }

    /// twemproxy's levels as ours: 0 to 3 are errors, 5 is its default.
    func level(of verbosity: Int) -> Logger.Level {
        switch verbosity {
        case ...3: .error
        case 4: .warning
        case 5, 6: .info
        case 7: .debug
        default: .trace
        }
    }
}
