// SPDX-License-Identifier: Apache-2.0

/// twemproxy's flags, as getopt_long reads them: `-dv 6`, `-v6`, `--verbose=6`, `--verb 6`; other words are left out.
package struct NutcrackerOptions: Sendable, Equatable {
    package var showsHelp = false
    package var showsVersion = false
    package var describesStatistics = false
    package var testsConfiguration = false
    package var daemonizes = false
    /// From 0 to 11.
    package var verbosity = 5
    /// The log's file; nil: standard error.
    package var output: String? = nil
    package var configuration = "conf/nutcracker.yml"
    package var statisticsPort = 22222
    package var statisticsAddress = "0.0.0.0"
    /// Milliseconds between two sums of twemproxy's counters; ours are summed when somebody asks.
    package var statisticsInterval = 30_000
    package var pidFile: String? = nil
    /// Bytes of a chunk of twemproxy's buffers; ours have no fixed size.
    package var mbufSize = 16_384
    /// Whether what is better here is left out, for those who rely on what twemproxy does.
    package var isCompatible = false

    /// The sizes of twemproxy's buffers.
    private static let mbufSizes = 512...16_777_216

    /// What is wrong with the flags, as twemproxy says it.
    package struct UsageError: Error, Equatable, CustomStringConvertible {
        package var description: String

        package init(description: String) { self.description = description }
    }

    private struct Flag {
        var letter: Character
        var name: String
        var takesValue = false
        var missing = ""
    }

    private static let flags = [
        Flag(letter: "h", name: "help"), Flag(letter: "V", name: "version"), Flag(letter: "t", name: "test-conf"),
        Flag(letter: "d", name: "daemonize"), Flag(letter: "D", name: "describe-stats"),
        Flag(letter: "v", name: "verbose", takesValue: true, missing: "a number"),
        Flag(letter: "o", name: "output", takesValue: true, missing: "a file name"),
        Flag(letter: "c", name: "conf-file", takesValue: true, missing: "a file name"),
        Flag(letter: "s", name: "stats-port", takesValue: true, missing: "a number"),
        Flag(letter: "i", name: "stats-interval", takesValue: true, missing: "a number"),
        Flag(letter: "a", name: "stats-addr", takesValue: true, missing: "a string"),
        Flag(letter: "p", name: "pid-file", takesValue: true, missing: "a file name"),
        Flag(letter: "m", name: "mbuf-size", takesValue: true, missing: "a number"),
        // Ours; no letter of twemproxy's is taken for it.
        Flag(letter: "\u{0}", name: "compat"),
    ]

    package init(_ arguments: [String], environment: [String: String]) throws(UsageError) {
        isCompatible = environment["OUTRIGGER_NUTCRACKER_COMPAT"] == "true"
        var rest = arguments[...]
        while let argument = rest.popFirst(), argument != "--" {
            if argument.hasPrefix("--") {
                try readLong(argument.dropFirst(2), &rest)
            } else if argument.hasPrefix("-") {
                try readLetters(argument.dropFirst(), &rest)
            }
        }
    }

    private mutating func readLong(_ argument: Substring, _ rest: inout ArraySlice<String>) throws(UsageError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let exact = Self.flags.filter { $0.name == parts[0] }
        // getopt_long takes the beginning of a name, if it is the beginning of one name only.
        let candidates = exact.isEmpty ? Self.flags.filter { $0.name.hasPrefix(parts[0]) } : exact
        guard let flag = candidates.first, candidates.count == 1, flag.takesValue || parts.count == 1 else {
            throw UsageError(description: "nutcracker: invalid option -- '\(parts[0])'")
        }
        try take(flag, parts.count == 2 ? String(parts[1]) : nil, &rest)
    }

    private mutating func readLetters(_ argument: Substring, _ rest: inout ArraySlice<String>) throws(UsageError) {
        var letters = argument
        while let letter = letters.popFirst() {
            guard let flag = Self.flags.first(where: { $0.letter == letter }) else {
                throw UsageError(description: "nutcracker: invalid option -- '\(letter)'")
            }
            let attached = flag.takesValue && !letters.isEmpty ? String(letters) : nil
            try take(flag, attached, &rest)
            if flag.takesValue { return }
        }
    }

    private mutating func take(
        _ flag: Flag, _ attached: String?, _ rest: inout ArraySlice<String>
    ) throws(UsageError) {
        guard flag.takesValue else { return set(flag.letter) }
        guard let value = attached ?? rest.popFirst() else {
            throw UsageError(description: "nutcracker: option -\(flag.letter) requires \(flag.missing)")
        }
        try set(flag.letter, value)
    }

    private mutating func set(_ letter: Character) {
        switch letter {
        case "h": showsHelp = true
        case "V": showsVersion = true
        case "t": testsConfiguration = true
        case "d": daemonizes = true
        case "D": describesStatistics = true
        default: isCompatible = true
        }
    }

    private mutating func set(_ letter: Character, _ value: String) throws(UsageError) {
        switch letter {
        case "v": verbosity = min(try number(letter, value), 11)
        case "o": output = value
        case "c": configuration = value
        case "i": statisticsInterval = try number(letter, value)
        case "a": statisticsAddress = value
        case "p": pidFile = value
        case "s":
            statisticsPort = try number(letter, value)
            guard (1...65_535).contains(statisticsPort) else {
                throw UsageError(description: "nutcracker: option -s value \(value) is not a valid port")
            }
        default:
            guard let size = try? number(letter, value), size > 0 else {
                throw UsageError(description: "nutcracker: option -m requires a non-zero number")
            }
            guard Self.mbufSizes.contains(size) else {
                let bounds = "\(Self.mbufSizes.lowerBound) and \(Self.mbufSizes.upperBound)"
                throw UsageError(description: "nutcracker: mbuf chunk size must be between \(bounds) bytes")
            }
            mbufSize = size
        }
    }

    private func number(_ letter: Character, _ value: String) throws(UsageError) -> Int {
        guard !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int32(value) else {
            throw UsageError(description: "nutcracker: option -\(letter) requires a number")
        }
        return Int(number)
    }
}
