// SPDX-License-Identifier: Apache-2.0

package import Core

/// Reads a configuration from documents, the environment and flags, in this order: what comes later overrides, key by
/// key.
///
/// Nothing stops at the first problem; `finish` throws them all.
package struct SettingsLoader<Root: Sendable>: Sendable {
    let group: SettingGroup<Root>
    package private(set) var loaded: Loaded<Root>
    package private(set) var problems: [Problem] = []

    /// - Precondition: no two settings of `group` claim one name.
    package init(_ group: SettingGroup<Root>, defaults: Root) {
        let collisions = group.collisions
        precondition(collisions.isEmpty, "two settings are called \(collisions.alternatives)")
        self.group = group
        loaded = Loaded(defaults)
    }

    package func finish() throws(Problems) -> Loaded<Root> {
        guard problems.isEmpty else { throw Problems(problems) }
        return loaded
    }

    /// Adds what a check of the whole configuration found.
    package mutating func add(_ problem: Problem) { problems.append(problem) }
    package mutating func warn(_ warning: Problem) { loaded.warnings.append(warning) }

    private mutating func assign(
        _ input: SettingInput, to keyed: KeyedSetting<Root>, found: String, at location: SourceLocation,
        flag: SettingFlag<Root>? = nil
    ) {
        guard (flag?.value ?? keyed.setting.value).assign(&loaded.configuration, input) else {
            let shown = keyed.setting.exposure == .secret && input != .nothing ? "a value" : found
            return refuse(shown, for: keyed, at: location, flag: flag)
        }
        loaded.origins[keyed.key + (flag?.part.map { ".\($0)" } ?? "")] = location
    }

    private mutating func refuse(
        _ found: String, for keyed: KeyedSetting<Root>, at location: SourceLocation, flag: SettingFlag<Root>? = nil
    ) {
        let expectation = (flag?.value ?? keyed.setting.value).expectation
        problems.append(Problem(location, key: keyed.key, "found \(found), expected \(expectation)"))
    }
}

// MARK: - Documents

extension SettingsLoader {
    /// Reads one document; a key that it doesn't have keeps its value.
    package mutating func apply(_ document: DocumentNode) { apply(document, to: group, under: "") }

    private mutating func apply(_ node: DocumentNode, to group: SettingGroup<Root>, under prefix: String) {
        guard !node.isNull else { return }
        guard case .mapping(let entries) = node.content else {
            let key = String(prefix.dropLast())
            return problems.append(Problem(node.location, key: key, "found \(node.summary), expected a table"))
        }
        for entry in entries {
            let key = prefix + entry.key
            switch group.members.first(where: { $0.name == entry.key }) {
            case .group(_, let inner): apply(entry.value, to: inner, under: key + ".")
            case .setting(let setting): apply(entry, to: KeyedSetting(key: key, setting: setting))
            case .table(let table): apply(entry.value, to: table, under: key + ".")
            case nil: problems.append(unknown(entry, in: group, under: prefix))
            }
        }
    }

    private mutating func apply(_ node: DocumentNode, to table: SettingTable<Root>, under prefix: String) {
        guard !node.isNull, let entries = entries(of: node, table, under: prefix) else { return }
        for entry in entries {
            let key = prefix + entry.key
            guard SettingTable<Root>.isName(entry.key) else {
                let found = "found \(Problem.quote(entry.key)), expected \(SettingTable<Root>.nameExpectation)"
                problems.append(Problem(entry.keyLocation, key: String(prefix.dropLast()), found))
                continue
            }
            table.add(&loaded.configuration, entry.key)
            if loaded.entries[key] == nil { loaded.entries[key] = entry.keyLocation }
            let group = table.group(entry.key)
            if let shorthand = table.shorthand(entry.key), entry.value.isScalar || group.members.isEmpty {
                apply(entry, to: KeyedSetting(key: key, setting: shorthand))
            } else {
                apply(entry.value, to: group, under: key + ".")
            }
        }
        let count = table.names(loaded.configuration).count
        guard count > SettingTable<Root>.entriesMax else { return }
        let found = "found \(count) names, expected at most \(SettingTable<Root>.entriesMax)"
        problems.append(Problem(node.location, key: String(prefix.dropLast()), found))
    }

    /// The entries of a table, which may be a list of texts; nil if it is neither, and the problem has been said.
    private mutating func entries(
        of node: DocumentNode, _ table: SettingTable<Root>, under prefix: String
    ) -> [DocumentNode.Entry]? {
        let key = String(prefix.dropLast())
        switch node.content {
        case .mapping(let entries): return entries
        case .sequence(let items) where table.isListed:
            var names: Set<String> = []
            var entries: [DocumentNode.Entry] = []
            for item in items {
                guard let name = item.text?.split(separator: " ").first.map(String.init) else {
                    let found = "found \(item.summary) in the list, expected text"
                    problems.append(Problem(item.location, key: key, found))
                    continue
                }
                guard names.insert(name).inserted else {
                    let found = "found \(Problem.quote(name)) twice, expected each name once"
                    problems.append(Problem(item.location, key: key, found))
                    continue
                }
                entries.append(DocumentNode.Entry(key: name, keyLocation: item.location, value: item))
            }
            return entries
        case .scalar, .sequence:
            let expected = table.isListed ? "a table of names or a list" : "a table of names"
            problems.append(Problem(node.location, key: key, "found \(node.summary), expected \(expected)"))
            return nil
        }
    }

    private mutating func apply(_ entry: DocumentNode.Entry, to keyed: KeyedSetting<Root>) {
        let node = entry.value
        let folder = keyed.setting.exposure == .path ? node.location.folder : nil
        switch node.content {
        case .scalar(let text, _):
            let input: SettingInput = node.isNull ? .nothing : .text(resolve(text, in: folder))
            assign(input, to: keyed, found: node.summary, at: node.location)
        case .sequence(let items) where keyed.setting.value.isList:
            let texts = items.compactMap(\.text).map { resolve($0, in: folder) }
            guard texts.count == items.count else {
                let item = items.first { $0.text == nil } ?? node
                return refuse("\(item.summary) in the list", for: keyed, at: item.location)
            }
            assign(.list(texts), to: keyed, found: node.summary, at: node.location)
        case .sequence, .mapping: refuse(node.summary, for: keyed, at: node.location)
        }
    }

    private func unknown(
        _ entry: DocumentNode.Entry, in group: SettingGroup<Root>, under prefix: String
    ) -> Problem {
        var message = "found an unknown key"
        if let nearest = EditDistance.nearest(to: entry.key, among: group.members.map(\.name)) {
            message += ", expected \(prefix)\(nearest), perhaps"
        } else {
            message += ", expected \(group.members.map(\.name).alternatives)"
        }
        return Problem(entry.keyLocation, key: prefix + entry.key, message)
    }

    /// A path relative to the folder of the file that names it; absolute ones stay.
    private func resolve(_ path: String, in folder: String?) -> String {
        guard let folder, !path.isEmpty, !path.hasPrefix("/") else { return path }
        let inner = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return inner.isEmpty || inner == "." ? folder : folder + "/" + inner
    }
}

extension DocumentNode {
    fileprivate var isScalar: Bool { if case .scalar = content { true } else { false } }
}

extension SourceLocation {
    /// The folder of the file, without a slash at its end unless it is the root; nil for the working directory.
    fileprivate var folder: String? {
        guard case .file(let path, _, _) = self, let slash = path.lastIndex(of: "/") else { return nil }
        return slash == path.startIndex ? "/." : String(path[..<slash])
    }
}

// MARK: - Environment

extension SettingsLoader {
    /// Reads the environment; an empty value counts as none, and a list's values are separated by commas.
    package mutating func apply(environment: [String: String]) {
        let all = group.all(of: loaded.configuration)
        refuseRepeatedNames(all)
        for keyed in all {
            // The name that the key makes wins over the names that are there for others' sake.
            guard let name = keyed.environmentNames.first(where: { environment[$0]?.isEmpty == false }),
                let text = environment[name]
            else { continue }
            // Kubernetes gives every pod OUTRIGGER_APP_PORT=tcp://10.0.0.1:80 if a Service is called outrigger-app. No
            // port is written like this, so that it can't have been meant for us.
            guard !name.hasSuffix("_PORT") || !text.contains("://") else {
                warn(Problem(.environment(name: name), key: keyed.key, "found a Service's address; it is left out"))
                continue
            }
            let input: SettingInput =
                keyed.setting.value.isList
                ? .list(text.split(separator: ",").map(String.init)) : .text(text)
            assign(input, to: keyed, found: Problem.quote(text), at: .environment(name: name))
        }
        warnOfUnknown(environment, known: all.flatMap(\.environmentNames))
    }

    /// Two names of a table may become one name of the environment, which then couldn't tell them apart.
    private mutating func refuseRepeatedNames(_ all: [KeyedSetting<Root>]) {
        var keys: [String: String] = [:]
        var refused: Set<String> = []
        for keyed in all {
            let name = keyed.environmentNames[0]
            guard let first = keys.updateValue(keyed.key, forKey: name) else { continue }
            // One problem for an entry, not one for each of its settings.
            let entry =
                loaded.entries.keys.filter { keyed.key == $0 || keyed.key.hasPrefix($0 + ".") }
                .max { $0.count < $1.count } ?? keyed.key
            guard refused.insert(entry).inserted else { continue }
            problems.append(
                Problem(
                    loaded.entries[entry] ?? .builtIn, key: keyed.key,
                    "found a key whose variable \(name) is that of \(first), too; expected another name"))
        }
    }

    private mutating func warnOfUnknown(_ environment: [String: String], known: [String]) {
        let known = Set(known)
        for name in environment.keys.sorted() where name.hasPrefix(environmentPrefix) && !known.contains(name) {
            let nearest = EditDistance.nearest(to: name, among: known.sorted())
            let suggestion = nearest.map { ", expected \($0), perhaps" } ?? ""
            warn(Problem(.environment(name: name), key: "", "found a name of no setting; it is left out\(suggestion)"))
        }
    }
}

// MARK: - Flags

extension SettingsLoader {
    /// Reads flags in the order of the command line; a list's flag may be given again and again.
    package mutating func apply(_ flags: [ParsedFlag]) {
        let all = group.all
        var lists: [String: [String]] = [:]
        for given in flags {
            guard let (keyed, flag) = all.setting(withFlag: given.name) else { continue }
            let location = SourceLocation.flag(name: given.spelling)
            var input = SettingInput.text(given.value)
            if keyed.setting.value.isList {
                lists[keyed.key, default: []].append(given.value)
                input = .list(lists[keyed.key] ?? [])
            }
            assign(input, to: keyed, found: Problem.quote(given.value), at: location, flag: flag)
        }
    }
}

extension Sequence {
    /// The setting and the flag that a long name without dashes means.
    fileprivate func setting<Root>(withFlag name: String) -> (KeyedSetting<Root>, SettingFlag<Root>)?
    where Element == KeyedSetting<Root> {
        for keyed in self {
            if let flag = keyed.setting.flags.first(where: { $0.names.contains(name) }) { return (keyed, flag) }
        }
        return nil
    }
}
