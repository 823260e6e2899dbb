// SPDX-License-Identifier: Apache-2.0

/// The settings of one configuration struct, in the order in which they are shown.
package struct SettingGroup<Root>: Sendable {
    package var summary: String
    package var members: [SettingMember<Root>]

    package init(_ summary: String, _ members: [SettingMember<Root>]) {
        self.summary = summary
        self.members = members
    }
}

/// A setting, a struct with settings of its own, or any number of such structs under names.
package indirect enum SettingMember<Root>: Sendable {
    case setting(Setting<Root>)
    case group(String, SettingGroup<Root>)
    case table(SettingTable<Root>)

    package var name: String {
        switch self {
        case .setting(let setting): setting.name
        case .group(let name, _): name
        case .table(let table): table.name
        }
    }
}

/// A setting with its whole key, `app.restart.policy`.
package struct KeyedSetting<Root>: Sendable {
    package var key: String
    package var setting: Setting<Root>

    /// The names of the environment that set it, the one that the key makes first.
    package var environmentNames: [String] {
        let name = key.utf8.map { $0.isLetterOrDigit ? $0 : UInt8(ascii: "_") }
        return [environmentPrefix + String(decoding: name, as: UTF8.self).uppercased()] + setting.environmentNames
    }
}

/// What the environment names of all settings begin with.
package let environmentPrefix = "OUTRIGGER_"

extension SettingGroup {
    /// All settings of the group and of the groups in it; those of a table once, under what stands for its names.
    package var all: [KeyedSetting<Root>] { all(under: "") { [$0.placeholder] } }

    /// The same for the entries that a root has.
    package func all(of root: Root) -> [KeyedSetting<Root>] { all(under: "") { $0.names(root) } }

    private func all(under prefix: String, names: (SettingTable<Root>) -> [String]) -> [KeyedSetting<Root>] {
        members.flatMap { member in
            switch member {
            case .setting(let setting): [KeyedSetting(key: prefix + setting.name, setting: setting)]
            case .group(let name, let group): group.all(under: prefix + name + ".", names: names)
            case .table(let table):
                names(table).flatMap { name in
                    let key = "\(prefix)\(table.name).\(name)"
                    let whole = table.shorthand(name).map { [KeyedSetting(key: key, setting: $0)] } ?? []
                    return whole + table.group(name).all(under: key + ".", names: names)
                }
            }
        }
    }

    /// The names that two settings claim: of the environment, of flags, or keys. Declarations must leave it empty.
    package var collisions: [String] {
        all.flatMap { keyed in
            [keyed.key] + keyed.environmentNames
                + keyed.setting.flags.flatMap { flag in
                    flag.names.map { "--\($0)" } + (flag.short.map { ["-\($0)"] } ?? [])
                }
        }.repeated
    }
}

extension [String] {
    /// Each element that is here a second time.
    package var repeated: [String] {
        var seen: Set<String> = []
        return filter { !seen.insert($0).inserted }
    }
}
