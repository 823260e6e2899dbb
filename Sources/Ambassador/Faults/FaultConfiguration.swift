// SPDX-License-Identifier: Apache-2.0

package import Core
package import Settings

/// Something that goes wrong with requests on purpose, for tests.
package struct FaultConfiguration: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The request waits before it is passed on.
        case delay
        /// It is answered with a status, and not passed on.
        case abort
        /// The client's connection is reset.
        case reset
        /// Its response comes slowly.
        case throttle
    }

    package var kind = Kind.abort
    package var delay = Duration.milliseconds(100)
    /// A random part of it is added to each delay.
    package var jitter = Duration.zero
    package var status = 503
    /// Bytes of a response in a second.
    package var rate = ByteCount.kibibytes(100)
    /// What a request's headers must say to be chosen from; `*` is anything.
    package var header: NamedTable<String> = [:]
    package var selection = FaultSelection()

    /// A value of `header` that any value is as good as.
    static let anyValue = "*"

    package init() {}
}

/// Which of the requests or commands that a fault may hit it hits: all that is said here has to be true.
package struct FaultSelection: Sendable, Equatable {
    package var percent = Percentage.all
    /// Only so many, from the first on; 0 is no limit.
    package var first = 0
    /// Only one of so many: with 3 the third, the sixth and so on.
    package var every = 1
    /// What the random choices begin with; the same number makes the same choices again.
    package var seed = 0

    package init() {}
}

extension FaultConfiguration {
    /// The longest that a fault holds something up.
    package static let delayMax = Duration.seconds(3600)

    package static var settings: SettingGroup<FaultConfiguration> {
        SettingGroup(
            "What goes wrong with requests on purpose, for tests.",
            [
                .setting("kind", \.kind, .choice, "What goes wrong.", changes: .live),
                .setting(
                    "delay", \.delay, .duration(in: .zero...delayMax), "How long a request waits.", changes: .live),
                .setting(
                    "jitter", \.jitter, .duration(in: .zero...delayMax), "A random part of this is added to `delay`.",
                    changes: .live),
                .setting(
                    "status", \.status, .integer(400...599), "The status that an aborted request is answered with.",
                    changes: .live),
                .setting(
                    "rate", \.rate, .byteCount(in: ByteCount(bytes: 1)...(.mebibytes(1 << 20))),
                    "Bytes of a throttled response in a second.", changes: .live),
                .table(
                    "header", \.header, named: "HEADER", "Only requests with these headers.",
                    SettingGroup("The header's value; `*` is any.", []), fresh: anyValue, shorthand: .text,
                    changes: .live),
            ] + FaultSelection.settings.members(at: \.selection))
    }
}

extension FaultSelection {
    static var settings: SettingGroup<FaultSelection> {
        SettingGroup(
            "What a fault hits.",
            [
                .setting("percent", \.percent, .percentage, "The part that is hit, in hundredths.", changes: .live),
                .setting(
                    "first", \.first, .integer(0...1_000_000_000), "Only so many from the first on; 0 is no limit.",
                    changes: .live),
                .setting(
                    "every", \.every, .integer(1...1_000_000_000), "Only one of so many: with 3 the third, the sixth.",
                    changes: .live),
                .setting(
                    "seed", \.seed, .integer(0...Int.max), "Another number makes other random choices.",
                    changes: .live),
            ])
    }
}
