// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core

/// Reads the settings of a `state.sqlite` document; a wrong one becomes a `Problem` with its place.
struct SettingReader: Sendable {
    let metadata: ComponentMetadata

    /// The value, unless it is empty, which Dapr takes as not given.
    func text(_ name: String) -> String? {
        metadata.text(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    func problem(_ name: String, _ message: String) -> Problem {
        Problem(
            metadata.values[name.lowercased()]?.location ?? metadata.location, key: "spec.metadata.\(name)", message)
    }

    func boolean(_ name: String) throws(Problem) -> Bool? {
        guard let text = text(name) else { return nil }
        switch text.lowercased() {
        case "1", "y", "yes", "t", "true", "on": return true
        case "0", "n", "no", "f", "false", "off": return false
        default: throw problem(name, "found \"\(text)\", expected true or false")
        }
    }

    /// A duration as Go writes it (`1m30s`), or a number of seconds; `older` is an older name of the setting.
    func duration(_ name: String, or older: String? = nil) throws(Problem) -> Duration? {
        let given = text(name) != nil ? name : older ?? name
        guard let text = text(given) else { return nil }
        guard let duration = ComponentMetadata.duration(text) else {
            throw problem(given, "found \"\(text)\", expected a duration such as 20s")
        }
        return duration
    }

    /// A table's name, which goes into statements as it is.
    func identifier(_ name: String) throws(Problem) -> String? {
        guard let text = text(name) else { return nil }
        guard Self.isIdentifier(text) else {
            throw problem(name, "found \"\(text)\", expected letters, digits and underscores")
        }
        return text
    }

    static func isIdentifier(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy { isIdentifier($0) } }

    static func isIdentifier(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
