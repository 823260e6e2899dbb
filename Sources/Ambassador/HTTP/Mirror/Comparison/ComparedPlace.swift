// SPDX-License-Identifier: Apache-2.0

/// Where two responses differ.
package enum ComparedPlace: Sendable, Hashable, CustomStringConvertible {
    case status
    /// A header, in lower case.
    case field(String)
    /// In a body that is JSON.
    case json(JSONPath)
    /// A body that isn't.
    case body

    /// The most characters of a place.
    static let charactersMax = 400

    /// One line that does nothing to a terminal.
    package var description: String {
        switch self {
        case .status: "status"
        case .field(let name): name
        case .json(let path): path.description.harmless(upTo: Self.charactersMax)
        case .body: "body"
        }
    }

    /// With no more of a name than is shown: who answers chooses the names, and many places are remembered.
    var bounded: ComparedPlace {
        if case .json(let path) = self { return .json(path.beginning(upTo: Self.charactersMax)) }
        return self
    }

    /// The place that all places of its kind are counted under: any index of an array for the one.
    var general: ComparedPlace {
        if case .json(let path) = self { return .json(path.general) }
        return self
    }

    /// Whether what stands there is for nobody else's eyes, by its name.
    var isSecret: Bool {
        switch self {
        case .status, .body: return false
        case .field(let name): return SecretName.isSecret(name)
        case .json(let path):
            return path.steps.contains { step in
                if case .key(let name) = step { return SecretName.isSecret(name.lowercased()) }
                return false
            }
        }
    }
}

/// One difference, in words for people.
package struct ResponseDifference: Sendable, Equatable {
    package var place: ComparedPlace
    /// What the one that counts said; shortened, and hidden if it is a secret.
    package var primary: String
    package var candidate: String

    init(_ place: ComparedPlace, _ primary: String, _ candidate: String) {
        self.place = place.bounded
        self.primary = place.isSecret ? Self.hidden : primary.harmless(upTo: Self.charactersMax)
        self.candidate = place.isSecret ? Self.hidden : candidate.harmless(upTo: Self.charactersMax)
    }

    static let hidden = "(hidden)"
    static let absent = "(absent)"
    /// The most characters of a value.
    static let charactersMax = 120
}

extension String {
    /// One line that does nothing to a terminal, shortened to so many characters, of which some are escaped.
    func harmless(upTo charactersMax: Int) -> String {
        var line = ""
        for scalar in unicodeScalars.prefix(charactersMax) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                line += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return unicodeScalars.count > charactersMax ? line + "…" : line
    }
}
