// SPDX-License-Identifier: Apache-2.0

import Runtime
import Testing

struct NutcrackerOptionsTests {
    private func options(_ arguments: String..., environment: [String: String] = [:]) throws -> NutcrackerOptions {
        try NutcrackerOptions(arguments, environment: environment)
    }

    @Test func `without flags twemproxy's defaults stand`() throws {
        let options = try options()
        #expect(options.configuration == "conf/nutcracker.yml")
        #expect(options.statisticsPort == 22222)
        #expect(options.statisticsAddress == "0.0.0.0")
        #expect(options.verbosity == 5)
        #expect(options.output == nil)
        #expect(options.pidFile == nil)
        #expect(!options.isCompatible)
    }

    @Test func `flags are read as getopt_long reads them`() throws {
        var expected = try options()
        expected.daemonizes = true
        expected.verbosity = 7
        expected.configuration = "a.yml"
        expected.output = "a.log"
        expected.pidFile = "a.pid"
        expected.statisticsPort = 1
        expected.statisticsAddress = "127.0.0.1"
        expected.statisticsInterval = 2
        expected.mbufSize = 512
        #expect(
            try options(
                "-d", "-v", "7", "-c", "a.yml", "-o", "a.log", "-p", "a.pid", "-s", "1", "-a", "127.0.0.1", "-i", "2",
                "-m", "512") == expected)
        #expect(
            try options(
                "-dv7", "-ca.yml", "word", "--output=a.log", "--pid-file", "a.pid", "--stats-port=1", "--stats-a",
                "127.0.0.1", "--stats-i=2", "--mbuf=512", "--", "-h") == expected)
    }

    @Test func `switches are told apart`() throws {
        #expect(try options("-h").showsHelp)
        #expect(try options("-tV").testsConfiguration)
        #expect(try options("-tV").showsVersion)
        #expect(try options("--describe-stats").describesStatistics)
        #expect(try options("-v", "99").verbosity == 11)
    }

    @Test func `twemproxy's behaviour is asked for by a flag or by the environment`() throws {
        #expect(try options("--compat").isCompatible)
        #expect(try options(environment: ["OUTRIGGER_NUTCRACKER_COMPAT": "true"]).isCompatible)
        #expect(try !options(environment: ["OUTRIGGER_NUTCRACKER_COMPAT": "false"]).isCompatible)
    }

    @Test(
        "what is wrong is said in twemproxy's words",
        arguments: [
            (["-q"], "nutcracker: invalid option -- 'q'"),
            (["--nothing"], "nutcracker: invalid option -- 'nothing'"),
            (["--stats=1"], "nutcracker: invalid option -- 'stats'"),
            (["--help=1"], "nutcracker: invalid option -- 'help'"),
            (["-c"], "nutcracker: option -c requires a file name"),
            (["-a"], "nutcracker: option -a requires a string"),
            (["-s"], "nutcracker: option -s requires a number"),
            (["-v", "x"], "nutcracker: option -v requires a number"),
            (["-i", "-1"], "nutcracker: option -i requires a number"),
            (["-s", "0"], "nutcracker: option -s value 0 is not a valid port"),
            (["-s", "65536"], "nutcracker: option -s value 65536 is not a valid port"),
            (["-m", "0"], "nutcracker: option -m requires a non-zero number"),
            (["-m", "511"], "nutcracker: mbuf chunk size must be between 512 and 16777216 bytes"),
        ])
    func wrong(arguments: [String], expected: String) {
        #expect(throws: NutcrackerOptions.UsageError(description: expected)) {
            try NutcrackerOptions(arguments, environment: [:])
        }
    }
}
