// SPDX-License-Identifier: Apache-2.0

internal import Core

/// Where a root holds another one: in a property, or under a name in a table.
struct SettingLens<Root, Child>: Sendable {
    var get: @Sendable (Root) -> Child
    /// Changes the child in place and returns what the change returns.
    var modify: @Sendable (inout Root, (inout Child) -> Bool) -> Bool

    init(_ path: SettingPath<Root, Child>) {
        get = { $0[keyPath: path] }
        modify = { root, change in change(&root[keyPath: path]) }
    }

    /// The entry of a table. One that isn't there reads as `fresh` and is made by the first change.
    init(_ path: SettingPath<Root, NamedTable<Child>>, name: String, fresh: Child) where Child: Sendable {
        get = { $0[keyPath: path][name] ?? fresh }
        modify = { root, change in
            var child = root[keyPath: path][name] ?? fresh
            defer { root[keyPath: path][name] = child }
            return change(&child)
        }
    }
}

// MARK: - Under another root

extension Setting {
    /// The same setting seen from a root that holds this one's root.
    func lifted<Parent>(through lens: SettingLens<Parent, Root>) -> Setting<Parent> {
        Setting<Parent>(
            name: name, summary: summary, value: value.lifted(through: lens), exposure: exposure, change: change,
            flags: flags.map { flag in
                SettingFlag<Parent>(
                    names: flag.names, short: flag.short, part: flag.part, note: flag.note,
                    value: flag.value?.lifted(through: lens))
            },
            environmentNames: environmentNames,
            texts: { [texts] root in texts(lens.get(root)) },
            copy: { [copy] source, target in
                let source = lens.get(source)
                _ = lens.modify(&target) { child in
                    copy(source, &child)
                    return true
                }
            },
            hasDefault: hasDefault)
    }
}

extension SettingValue {
    func lifted<Parent>(through lens: SettingLens<Parent, Root>) -> SettingValue<Parent> {
        SettingValue<Parent>(
            expectation: expectation, placeholder: placeholder, schema: schema, isList: isList, takesOne: takesOne,
            assign: { [assign] root, input in lens.modify(&root) { assign(&$0, input) } })
    }
}

extension SettingGroup {
    func lifted<Parent>(through lens: SettingLens<Parent, Root>) -> SettingGroup<Parent> {
        SettingGroup<Parent>(
            summary,
            members.map { member in
                switch member {
                case .setting(let setting): .setting(setting.lifted(through: lens))
                case .group(let name, let group): .group(name, group.lifted(through: lens))
                case .table(let table): .table(table.lifted(through: lens))
                }
            })
    }
}

extension SettingTable {
    func lifted<Parent>(through lens: SettingLens<Parent, Root>) -> SettingTable<Parent> {
        SettingTable<Parent>(
            name: name, placeholder: placeholder, summary: summary, change: change, isListed: isListed,
            names: { [names] root in names(lens.get(root)) },
            group: { [group] name in group(name).lifted(through: lens) },
            shorthand: { [shorthand] name in shorthand(name)?.lifted(through: lens) },
            add: { [add] root, name in
                _ = lens.modify(&root) { child in
                    add(&child, name)
                    return true
                }
            },
            arrange: { [arrange] source, target in
                let source = lens.get(source)
                _ = lens.modify(&target) { child in
                    arrange(source, &child)
                    return true
                }
            })
    }
}
