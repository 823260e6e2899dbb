// SPDX-License-Identifier: Apache-2.0

/// The settings of one configuration struct, in the order in which they are shown.
package struct SettingGroup<Root>: Sendable {
    package var summary: String
    package var members: [SettingMember<Root>]

    package init(_ summary: String, _ members: [SettingMember<Root>]) {
        self.summary = summary
        self.members = members
    }

    func lifted<Parent>(through path: SettingPath<Parent, Root>) -> SettingGroup<Parent> {
        SettingGroup<Parent>(
            summary,
            members.map { member in
                switch member {
                case .setting(let setting): .setting(setting.lifted(through: path))
                case .group(let name, let group): .group(name, group.lifted(through: path))
                }
            })
    }
}

/// A setting, or a struct with settings of its own. A table that is keyed by a name of the user's choice would be a
/// third case with a function from the name to its group.
package indirect enum SettingMember<Root>: Sendable {
    case setting(Setting<Root>)
    case group(String, SettingGroup<Root>)

    package var name: String {
        switch self {
        case .setting(let setting): setting.name
        case .group(let name, _): name
        }
    }
}

/// A setting with its whole key, `app.restart.policy`.
package struct KeyedSetting<Root>: Sendable {
    package var key: String
    package var setting: Setting<Root>

    /// The names of the environment that set it, the one that the key makes first.
    package var environmentNames: [String] {
        let name = String(key.map { $0 == "." || $0 == "-" ? "_" : $0 }).uppercased()
        return [environmentPrefix + name] + setting.environmentNames
    }
}

/// What the environment names of all settings begin with.
package let environmentPrefix = "OUTRIGGER_"

extension SettingGroup {
    /// All settings of the group and of the groups in it.
    package var all: [KeyedSetting<Root>] { all(under: "") }

    private func all(under prefix: String) -> [KeyedSetting<Root>] {
        members.flatMap { member in
            switch member {
            case .setting(let setting): [KeyedSetting(key: prefix + setting.name, setting: setting)]
            case .group(let name, let group): group.all(under: prefix + name + ".")
            }
        }
    }

    /// The names that two settings claim: of the environment, of flags, or keys. Declarations must leave it empty.
    package var collisions: [String] {
        var seen: Set<String> = []
        let names = all.flatMap { keyed in
            [keyed.key] + keyed.environmentNames
                + keyed.setting.flags.flatMap { flag in
                    flag.names.map { "--\($0)" } + (flag.short.map { ["-\($0)"] } ?? [])
                }
        }
        return names.filter { !seen.insert($0).inserted }
    }
}
