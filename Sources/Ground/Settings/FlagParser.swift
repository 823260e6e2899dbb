// SPDX-License-Identifier: Apache-2.0

package import Core

/// A flag as the parser knows it: how it is written, and whether it takes a value.
package struct FlagForm: Sendable {
    /// Long names without dashes; the first is how the flag is known.
    package var names: [String]
    package var short: Character?
    /// A switch alone means `true`; its value can only follow an equals sign.
    package var isSwitch: Bool
    /// False for flags that are known only to be refused: nobody is told to try them.
    package var isSuggested: Bool

    package init(names: [String], short: Character? = nil, isSwitch: Bool = false, isSuggested: Bool = true) {
        self.names = names
        self.short = short
        self.isSwitch = isSwitch
        self.isSuggested = isSuggested
    }
}

/// A flag that was given.
package struct ParsedFlag: Sendable, Equatable {
    /// The first of its long names, without dashes.
    package var name: String
    /// As it was typed: `-p`, `--app-port`.
    package var spelling: String
    package var value: String
}

/// What a command line says: its flags in their order, and what follows `--`.
package struct ParsedArguments: Sendable, Equatable {
    package var flags: [ParsedFlag] = []
    /// Nil if there was no `--`.
    package var command: [String]?
}

/// Splits a command line into flags: `--name value`, `--name=value`, `-p 8080`, `-p8080`, `-p=8080`, `--switch`,
/// `--switch=false`; `--` ends them.
///
/// It exists because Dapr's switches are written with a value, `--enable-metrics=false`, which swift-argument-parser
/// doesn't read.
package struct FlagParser: Sendable {
    private let forms: [FlagForm]

    package init(_ forms: [FlagForm]) { self.forms = forms }

    /// All that is wrong is thrown at once.
    package func parse(_ arguments: [String]) throws(Problems) -> ParsedArguments {
        var parsed = ParsedArguments()
        var problems: [Problem] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                parsed.command = Array(rest)
                break
            }
            do throws(Problem) {
                parsed.flags.append(try flag(argument, &rest))
            } catch {
                problems.append(error)
                // The word after it is probably the value of the flag that was meant.
                if argument.hasPrefix("-"), rest.first?.hasPrefix("-") == false { rest.removeFirst() }
            }
        }
        guard problems.isEmpty else { throw Problems(problems) }
        return parsed
    }

    private func flag(_ argument: String, _ rest: inout ArraySlice<String>) throws(Problem) -> ParsedFlag {
        let (spelling, attached, form) = try split(argument)
        guard let form else { throw unknown(spelling) }
        if form.isSwitch { return ParsedFlag(name: form.names[0], spelling: spelling, value: attached ?? "true") }
        guard let value = attached ?? rest.popFirst() else {
            throw Problem(.flag(name: spelling), key: "", "found nothing after it, expected a value")
        }
        return ParsedFlag(name: form.names[0], spelling: spelling, value: value)
    }

    /// Splits the flag from a value that is attached to it.
    private func split(_ argument: String) throws(Problem) -> (String, attached: String?, FlagForm?) {
        if argument.hasPrefix("--") {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = String(parts[0].dropFirst(2))
            return (parts[0], parts.count == 2 ? parts[1] : nil, forms.first { $0.names.contains(name) })
        }
        guard argument.hasPrefix("-"), argument.count > 1 else {
            throw Problem(
                .flag(name: argument), key: "",
                "found a word that belongs to no flag; a switch has its value after =, and the app's command follows --"
            )
        }
        let letter = argument[argument.index(after: argument.startIndex)]
        var value = argument.dropFirst(2)
        if value.hasPrefix("=") { value = value.dropFirst() }
        return (
            String(argument.prefix(2)), argument.count == 2 ? nil : String(value), forms.first { $0.short == letter }
        )
    }

    private func unknown(_ spelling: String) -> Problem {
        let names = forms.lazy.filter(\.isSuggested).flatMap(\.names).map { "--\($0)" }
        let nearest = spelling.hasPrefix("--") ? EditDistance.nearest(to: spelling, among: names) : nil
        let suggestion = nearest.map { ", expected \($0), perhaps" } ?? "; see --help"
        return Problem(.flag(name: spelling), key: "", "found an unknown flag\(suggestion)")
    }
}

extension SettingGroup {
    /// The forms of the settings' flags.
    package var flagForms: [FlagForm] {
        all.flatMap { keyed in
            keyed.setting.flags.map { flag in
                let schema = (flag.value ?? keyed.setting.value).schema
                return FlagForm(names: flag.names, short: flag.short, isSwitch: schema == .boolean)
            }
        }
    }
}
