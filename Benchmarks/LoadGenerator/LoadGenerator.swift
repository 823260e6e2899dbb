// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Drives a Redis, or what stands before some, and prints what it found as one line of JSON.
@main
enum LoadGenerator {
    static func main() {
        do {
            sharpenTimers()
            print(try run(Options(Array(CommandLine.arguments.dropFirst()))).json)
        } catch let mistake as Options.Mistake {
            fail(mistake.description, status: 64)
        } catch {
            fail("\(error)", status: 1)
        }
    }

    private static func run(_ options: Options) throws -> LoadResult {
        switch options.command {
        case .load:
            let load = try Load(options)
            return try load.run()
        case .seed: return try Seed.run(options)
        case .large: return try LargeValues.run(options)
        case .idle: return try IdleClients.run(options)
        }
    }

    /// The kernel may wake a process 50 µs late to save power, which would count as the server's latency.
    private static func sharpenTimers() {
        let file = open("/proc/self/timerslack_ns", O_WRONLY)
        if file >= 0 {
            _ = write(file, "1", 1)
            close(file)
        }
    }

    private static func fail(_ text: String, status: Int32) -> Never {
        let line = "LoadGenerator: \(text)\n"
        _ = write(STDERR_FILENO, line, line.utf8.count)
        exit(status)
    }
}
