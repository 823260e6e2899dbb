// SPDX-License-Identifier: Apache-2.0

import Core
package import Settings

/// Something that goes wrong with commands of Redis on purpose, for tests.
package struct RedisFaultConfiguration: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The command, and what the client says after it, waits.
        case delay
        /// It is answered with an error, and reaches no server.
        case error
        /// The client's connection is reset.
        case reset
    }

    package var kind = Kind.error
    package var delay = Duration.milliseconds(100)
    /// A random part of it is added to each delay.
    package var jitter = Duration.zero
    /// What the client is told, with the word in capital letters that begins an error.
    package var error = "ERR a fault on purpose"
    /// The commands that may be hit, by name; without any it is all.
    package var commands: [String] = []
    /// What a command's first key must match, as in `KEYS`; nil is anything, and commands without keys.
    package var keys: String? = nil
    package var selection = FaultSelection()

    package init() {}
}

extension RedisFaultConfiguration {
    package static var settings: SettingGroup<RedisFaultConfiguration> {
        SettingGroup(
            "What goes wrong with commands on purpose, for tests.",
            [
                .setting("kind", \.kind, .choice, "What goes wrong."),
                .setting(
                    "delay", \.delay, .duration(in: .zero...FaultConfiguration.delayMax), "How long a command waits."),
                .setting(
                    "jitter", \.jitter, .duration(in: .zero...FaultConfiguration.delayMax),
                    "A random part of this is added to `delay`."),
                .setting("error", \.error, .errorLine, "The error that a client gets."),
                .setting("commands", list: \.commands, .text, "Only these commands; without any it is all."),
                .setting("keys", optional: \.keys, .text, "Only commands whose first key matches: `session:*`."),
            ] + FaultSelection.settings.members(at: \.selection))
    }
}

extension SettingType where Value == String {
    /// One line, as an error of RESP is one.
    fileprivate static var errorLine: Self {
        SettingType(
            expectation: "one line of text, such as LOADING try later", placeholder: "TEXT",
            schema: .string(pattern: nil),
            parse: { text in text.isEmpty || text.utf8.contains { $0 < 0x20 } ? nil : text }, text: { $0 })
    }
}
