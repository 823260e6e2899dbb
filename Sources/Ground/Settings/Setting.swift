// SPDX-License-Identifier: Apache-2.0

/// One declaration of a setting of `Root`; its default is what a fresh `Root` holds.
///
/// The reading of files, of the environment and of flags, the help, the reference and the JSON Schema all come from it.
package struct Setting<Root>: Sendable {
    /// The last part of the key.
    package var name: String
    package var summary: String
    package var value: SettingValue<Root>
    package var exposure: SettingExposure
    package var change: SettingChange
    package var flags: [SettingFlag<Root>]
    /// Names of the environment beside the one that the key makes, such as `NAMESPACE`.
    package var environmentNames: [String]
    /// The value as text, nil if there is none; a list has any number of texts.
    package var texts: @Sendable (Root) -> [String]?
    /// Gives the second root the value of the first.
    package var copy: @Sendable (Root, inout Root) -> Void
    /// False where what a fresh `Root` holds is only a place for the value that must be given.
    package var hasDefault = true

    /// The default's texts for a reader, who never sees a secret's.
    func shownTexts(_ defaults: Root) -> [String]? { exposure == .secret || !hasDefault ? nil : texts(defaults) }
}

/// What can be given for a setting, or for the part of it that a flag gives.
package struct SettingValue<Root>: Sendable {
    /// What a problem expects: `a port from 1 to 65535`.
    package var expectation: String
    /// What stands for the value in help and reference: `PORT`.
    package var placeholder: String
    package var schema: SettingSchema
    package var isList: Bool
    /// Whether a list of one value may be written as that value.
    package var takesOne = false
    /// Takes the input if it means a value; false if it doesn't, and the root is as it was.
    package var assign: @Sendable (inout Root, SettingInput) -> Bool
}

/// What was given for a setting, before it is a value.
package enum SettingInput: Sendable, Equatable {
    /// The key is there without a value.
    case nothing
    case text(String)
    case list([String])
}

/// Who may see a setting's value, and what it opens to the outside.
package enum SettingExposure: String, Sendable {
    case plain
    /// Never shown: not in problems, not in logs.
    case secret
    /// An address or a port that is listened on.
    case listened
    /// A file or a folder; relative to the folder of the file that names it, else to the working directory.
    case path
}

/// When a changed value takes effect.
package enum SettingChange: String, Sendable {
    case live
    case restart
}

/// A flag of the command line that gives a setting, or a part of it, its value.
package struct SettingFlag<Root>: Sendable {
    /// Long names without dashes; the first is the one that help shows.
    package var names: [String]
    package var short: Character?
    /// What the flag gives when it isn't the whole setting: `port` of an address. Its origin is kept as `KEY.PART`.
    package var part: String?
    /// Help of its own, instead of the setting's summary.
    package var note: String?
    /// Nil: what the setting itself takes.
    package var value: SettingValue<Root>?
}

/// The property that holds a value. (A key path alone isn't `Sendable`; a literal of one is both.)
package typealias SettingPath<Root, Value> = any WritableKeyPath<Root, Value> & Sendable
