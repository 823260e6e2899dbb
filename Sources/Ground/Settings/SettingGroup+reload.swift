// SPDX-License-Identifier: Apache-2.0

/// What a configuration that is read again asks for.
package struct SettingChanges: Sendable, Equatable {
    /// The keys whose values, or whose entries, are others now.
    package var applied: [String] = []
    /// The keys that have another value which takes effect at a restart only.
    package var waiting: [String] = []

    package init() {}

    package var isEmpty: Bool { applied.isEmpty && waiting.isEmpty }

    fileprivate mutating func note(_ key: String, _ change: SettingChange) {
        switch change {
        case .live: applied.append(key)
        case .restart: waiting.append(key)
        }
    }
}

extension SettingGroup {
    /// Takes over from `new` what changes while running, and tells what doesn't.
    package func reload(_ current: inout Root, with new: Root) -> SettingChanges {
        var changes = SettingChanges()
        reload(&current, with: new, under: "", &changes)
        return changes
    }

    fileprivate func reload(
        _ current: inout Root, with new: Root, under prefix: String, _ changes: inout SettingChanges
    ) {
        for member in members {
            let key = prefix + member.name
            switch member {
            case .group(_, let group): group.reload(&current, with: new, under: key + ".", &changes)
            case .table(let table): table.reload(&current, with: new, key: key, &changes)
            case .setting(let setting): setting.reload(&current, with: new, key: key, &changes)
            }
        }
    }
}

extension Setting {
    fileprivate func reload(
        _ current: inout Root, with new: Root, key: String, _ changes: inout SettingChanges
    ) {
        guard texts(current) != texts(new) else { return }
        changes.note(key, change)
        if change == .live { copy(new, &current) }
    }
}

extension SettingTable {
    fileprivate func reload(
        _ current: inout Root, with new: Root, key: String, _ changes: inout SettingChanges
    ) {
        let (oldNames, newNames) = (names(current), names(new))
        for name in newNames where oldNames.contains(name) {
            let group = group(name)
            if group.members.isEmpty, let scalar = shorthand(name) {
                scalar.reload(&current, with: new, key: "\(key).\(name)", &changes)
            } else {
                group.reload(&current, with: new, under: "\(key).\(name).", &changes)
            }
        }
        guard oldNames != newNames else { return }
        let others = Set(oldNames).symmetricDifference(newNames).sorted()
        for name in others { changes.note("\(key).\(name)", change) }
        if others.isEmpty { changes.note(key, change) }
        if change == .live { arrange(new, &current) }
    }
}

// MARK: - What changes while running

extension SettingGroup {
    /// The same settings, all of which change while running.
    package var live: SettingGroup<Root> {
        SettingGroup(
            summary,
            members.map { member in
                switch member {
                case .group(let name, let group): .group(name, group.live)
                case .setting(let setting): .setting(setting.live)
                case .table(let table): .table(table.live)
                }
            })
    }
}

extension SettingTable {
    fileprivate var live: SettingTable<Root> {
        var table = self
        table.change = .live
        table.group = { [group] name in group(name).live }
        table.shorthand = { [shorthand] name in shorthand(name)?.live }
        return table
    }
}

extension Setting {
    fileprivate var live: Setting<Root> {
        var setting = self
        setting.change = .live
        return setting
    }
}
