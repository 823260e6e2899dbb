// SPDX-License-Identifier: Apache-2.0

package import BuildingBlocks
package import Core

extension ComponentMetadata {
    /// Holds the values against what the kind declares; returns warnings of keys that it doesn't know, as Dapr takes no
    /// notice of them.
    package func check(against settings: [ComponentSetting]) throws(Problems) -> [Problem] {
        var problems: [Problem] = []
        for setting in settings {
            let key = "spec.metadata.\(setting.name)"
            guard let value = values[setting.name.lowercased()], !value.text.isEmpty else {
                if setting.isRequired {
                    problems.append(Problem(location, key: key, "found nothing, expected \(setting.form.expectation)"))
                }
                continue
            }
            guard !setting.form.accepts(value.text) else { continue }
            let found = setting.isSecret ? "a value" : Problem.quote(value.text)
            problems.append(Problem(value.location, key: key, "found \(found), expected \(setting.form.expectation)"))
        }
        guard problems.isEmpty else { throw Problems(problems) }
        return unknownKeys(settings)
    }

    private func unknownKeys(_ settings: [ComponentSetting]) -> [Problem] {
        let known = Set(settings.map { $0.name.lowercased() })
        return values.filter { !known.contains($0.key) }.sorted { $0.key < $1.key }.map { name, value in
            let nearest = EditDistance.nearest(to: name, among: settings.map(\.name))
            let suggestion = nearest.map { ", expected \($0), perhaps" } ?? ""
            return Problem(
                value.location, key: "spec.metadata.\(name)", "found an unknown key; it is left out\(suggestion)")
        }
    }
}

extension ComponentSetting.Form {
    var expectation: String {
        switch self {
        case .text: "text"
        case .integer: "a whole number"
        case .boolean: "true or false"
        case .duration: "a duration, such as 200ms, 1m30s, or 20 for seconds"
        }
    }

    func accepts(_ text: String) -> Bool {
        switch self {
        case .text: true
        case .integer: Int(text) != nil
        // Dapr's components take all of these, without case.
        case .boolean:
            ["true", "false", "t", "f", "yes", "no", "y", "n", "on", "off", "1", "0"].contains(text.lowercased())
        case .duration: ComponentMetadata.duration(text) != nil
        }
    }
}
