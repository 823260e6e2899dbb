// SPDX-License-Identifier: Apache-2.0

extension SettingMember {
    /// Declares a setting by the property that holds it.
    package static func setting<Value: Sendable>(
        _ name: String, _ path: SettingPath<Root, Value>, _ type: SettingType<Value>, _ summary: String,
        _ exposure: SettingExposure = .plain, changes: SettingChange = .restart,
        flags: [SettingFlag<Root>] = [], environment: [String] = [], hasDefault: Bool = true
    ) -> Self {
        .setting(
            Setting(
                name: name, summary: summary, value: SettingValue(path, type), exposure: exposure, change: changes,
                flags: flags, environmentNames: environment, texts: { [type.text($0[keyPath: path])] },
                copy: { $1[keyPath: path] = $0[keyPath: path] }, hasDefault: hasDefault))
    }

    /// Declares a setting that may have no value; a key with nothing after it takes the value away.
    package static func setting<Value: Sendable>(
        _ name: String, optional path: SettingPath<Root, Value?>, _ type: SettingType<Value>,
        _ summary: String, _ exposure: SettingExposure = .plain, changes: SettingChange = .restart,
        flags: [SettingFlag<Root>] = [], environment: [String] = []
    ) -> Self {
        .setting(
            Setting(
                name: name, summary: summary, value: SettingValue(optional: path, type), exposure: exposure,
                change: changes, flags: flags, environmentNames: environment,
                texts: { root in root[keyPath: path].map { [type.text($0)] } },
                copy: { $1[keyPath: path] = $0[keyPath: path] }))
    }

    /// Declares a setting with any number of values.
    ///
    /// - Parameter orOne: whether one value may be written without a list around it.
    package static func setting<Value: Sendable>(
        _ name: String, list path: SettingPath<Root, [Value]>, orOne: Bool = false, _ type: SettingType<Value>,
        _ summary: String, _ exposure: SettingExposure = .plain, changes: SettingChange = .restart,
        flags: [SettingFlag<Root>] = [], environment: [String] = []
    ) -> Self {
        .setting(
            Setting(
                name: name, summary: summary, value: SettingValue(list: path, orOne: orOne, type), exposure: exposure,
                change: changes, flags: flags, environmentNames: environment,
                texts: { root in root[keyPath: path].map(type.text) },
                copy: { $1[keyPath: path] = $0[keyPath: path] }))
    }

    /// Declares the settings of a struct inside this one.
    package static func group<Child>(
        _ name: String, _ path: SettingPath<Root, Child>, _ group: SettingGroup<Child>
    ) -> Self {
        .group(name, group.lifted(through: SettingLens(path)))
    }
}

extension SettingGroup {
    /// The same settings for a struct that holds this one, without a table of their own around them.
    package func members<Parent>(at path: SettingPath<Parent, Root>) -> [SettingMember<Parent>] {
        lifted(through: SettingLens(path)).members
    }
}

extension SettingFlag {
    /// Declares a flag that gives the whole setting.
    package static func flag(_ names: String..., short: Character? = nil, note: String? = nil) -> Self {
        SettingFlag(names: names, short: short, part: nil, note: note, value: nil)
    }

    /// Declares a flag that gives one part of the setting, or the setting in words of its own.
    package static func flag<Value: Sendable>(
        _ names: String..., short: Character? = nil, part: String? = nil,
        gives path: SettingPath<Root, Value>, _ type: SettingType<Value>, note: String
    ) -> Self {
        SettingFlag(names: names, short: short, part: part, note: note, value: SettingValue(path, type))
    }
}

// MARK: - Values by key path

extension SettingValue {
    private init<Value: Sendable>(
        _ type: SettingType<Value>, isList: Bool = false, assign: @escaping @Sendable (inout Root, SettingInput) -> Bool
    ) {
        self.init(
            expectation: isList ? "a list, each \(type.expectation)" : type.expectation,
            placeholder: type.placeholder, schema: type.schema, isList: isList, assign: assign)
    }

    init<Value: Sendable>(_ path: SettingPath<Root, Value>, _ type: SettingType<Value>) {
        self.init(type) { root, input in
            guard case .text(let text) = input, let value = type.parse(text) else { return false }
            root[keyPath: path] = value
            return true
        }
    }

    init<Value: Sendable>(optional path: SettingPath<Root, Value?>, _ type: SettingType<Value>) {
        self.init(type) { root, input in
            switch input {
            case .nothing: root[keyPath: path] = nil
            case .list: return false
            case .text(let text):
                guard let value = type.parse(text) else { return false }
                root[keyPath: path] = value
            }
            return true
        }
    }

    init<Value: Sendable>(list path: SettingPath<Root, [Value]>, orOne: Bool, _ type: SettingType<Value>) {
        self.init(type, isList: true) { root, input in
            let texts: [String]
            switch input {
            case .list(let all): texts = all
            case .text(let one) where orOne: texts = [one]
            case .text, .nothing: return false
            }
            let values = texts.compactMap(type.parse)
            guard values.count == texts.count else { return false }
            root[keyPath: path] = values
            return true
        }
        guard orOne else { return }
        takesOne = true
        expectation = "\(type.expectation), or a list of such"
    }
}
