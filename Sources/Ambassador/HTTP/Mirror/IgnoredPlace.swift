// SPDX-License-Identifier: Apache-2.0

import Settings
internal import WireHTTP

/// What two responses may differ in without anybody being told.
package enum IgnoredPlace: Sendable, Equatable {
    /// A header, in lower case.
    case field(String)
    /// A place in a body of JSON, with all that is in it.
    case body(JSONPath)

    package init?(text: String) {
        if text.hasPrefix("$") {
            guard let path = JSONPath(text: text) else { return nil }
            self = .body(path)
        } else {
            guard HTTPFields.isName(text) else { return nil }
            self = .field(text.lowercased())
        }
    }

    package var text: String {
        switch self {
        case .field(let name): name
        case .body(let path): path.description
        }
    }
}

extension SettingType where Value == IgnoredPlace {
    static var ignoredPlace: Self {
        SettingType(
            expectation: "a header such as x-build, or a place in JSON such as $.items[*].time or $..time",
            placeholder: "HEADER|PATH", schema: .string(pattern: nil), parse: IgnoredPlace.init(text:), text: \.text)
    }
}
