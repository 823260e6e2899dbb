// SPDX-License-Identifier: Apache-2.0

/// Whose keys a state component keeps apart: Dapr's `keyPrefix`, with the same stored keys, so that both can read one
/// store.
package enum StateKeyPrefix: Sendable, Hashable {
    /// What separates the prefix from the key, and so may be in neither.
    package static let separator = "||"

    case appID
    case componentName
    case namespace
    case none
    case literal(String)

    /// Reads the value of `keyPrefix`; like Dapr, it compares and keeps it in lower case.
    package init(_ text: String?) throws(StateRequestError) {
        switch text?.lowercased() {
        case nil, "", "appid": self = .appID
        case "name": self = .componentName
        case "namespace": self = .namespace
        case "none": self = .none
        case let literal?:
            guard !literal.containsStateSeparator else { throw .keyIllegal(literal) }
            self = .literal(literal)
        }
    }

    /// What is put before each key: nothing, or the prefix with the separator.
    func text(component: String, appID: String, namespace: String) -> String {
        switch self {
        case .none: ""
        case .componentName: component + Self.separator
        case .literal(let literal): literal + Self.separator
        case .appID where appID.isEmpty, .namespace where appID.isEmpty: ""
        case .namespace where !namespace.isEmpty: "\(namespace).\(appID)\(Self.separator)"
        case .appID, .namespace: appID + Self.separator
        }
    }
}

extension String {
    /// Whether `||` is in the text.
    var containsStateSeparator: Bool {
        var wasBar = false
        for byte in utf8 {
            let isBar = byte == UInt8(ascii: "|")
            if isBar && wasBar { return true }
            wasBar = isBar
        }
        return false
    }
}
