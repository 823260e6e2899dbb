// SPDX-License-Identifier: Apache-2.0

/// What a reference says of one setting.
struct SettingRow {
    /// The name of the group around it, `app.restart`; empty at the root.
    var group: String
    var key: String
    var type: String
    /// The default as text; nil if there is none.
    var defaultText: String?
    var environment: [String]
    /// As they are typed: `-p`, `--app-port`.
    var flags: [String]
    /// The summary with what the exposure and the time of change add to it.
    var summary: String

    init<Root>(_ keyed: KeyedSetting<Root>, defaults: Root) {
        let setting = keyed.setting
        key = keyed.key
        group = String(key.dropLast(setting.name.count + (key == setting.name ? 0 : 1)))
        type =
            setting.value.isList
            ? "\(setting.value.takesOne ? "one or a " : "")list of \(setting.value.placeholder)"
            : setting.value.placeholder
        let texts = setting.shownTexts(defaults)
        defaultText = texts?.isEmpty == false ? texts?.joined(separator: ",") : nil
        environment = keyed.environmentNames
        flags = setting.flags.flatMap(\.spellings)
        var sentences = [setting.summary]
        if setting.exposure == .secret { sentences.append("A secret.") }
        if setting.change == .live { sentences.append("Changes while running.") }
        summary = sentences.joined(separator: " ")
    }
}

extension SettingFlag {
    /// `-p`, `--app-port`, in the order of help.
    var spellings: [String] { (short.map { ["-\($0)"] } ?? []) + names.map { "--\($0)" } }
}

extension SettingGroup {
    func rows(defaults: Root) -> [SettingRow] { all.map { SettingRow($0, defaults: defaults) } }

    /// All groups with their names; the root's is empty, and what is outside any group comes last.
    var shownGroups: [(name: String, summary: String)] {
        let groups = groups(under: "")
        return Array(groups.dropFirst() + groups.prefix(1))
    }

    private func groups(under prefix: String) -> [(name: String, summary: String)] {
        var groups = [(name: prefix, summary: summary)]
        for member in members {
            let name = prefix.isEmpty ? member.name : "\(prefix).\(member.name)"
            switch member {
            case .setting: break
            case .group(_, let group): groups += group.groups(under: name)
            case .table(let table):
                groups.append((name, table.summary))
                groups += table.group(table.placeholder).groups(under: "\(name).\(table.placeholder)")
            }
        }
        return groups
    }
}
