// SPDX-License-Identifier: Apache-2.0

/// One step of a trace that is over.
package struct TraceSpan: Sendable, Equatable {
    /// The raw values are OTLP's.
    package enum Kind: Int, Sendable {
        case server = 2
        case client, producer, consumer
    }

    package enum Status: Sendable, Equatable {
        case unset
        case failed(String)
    }

    package struct Attribute: Sendable, Equatable {
        package enum Value: Sendable, Equatable {
            case text(String)
            case integer(Int)
        }

        package var key: String
        package var value: Value

        package init(_ key: String, _ value: String) {
            self.key = key
            self.value = .text(value)
        }

        package init(_ key: String, _ value: Int) {
            self.key = key
            self.value = .integer(value)
        }
    }

    package static let attributesMax = 32
    /// Longer texts are cut: names, attributes, and the reason of a failure.
    package static let charactersMax = 512

    package let context: TraceContext
    /// The span that this one is a part of; nil for the first of a trace.
    package let parentID: UInt64?
    package let name: String
    package let kind: Kind
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    package let start: UInt64
    package let end: UInt64
    package let status: Status
    package let attributes: [Attribute]
    /// How many attributes were too many.
    package let droppedAttributes: Int

    package init(
        _ name: String, _ kind: Kind, _ context: TraceContext, parentID: UInt64?, start: UInt64, end: UInt64,
        status: Status = .unset, attributes: [Attribute] = []
    ) {
        self.context = context
        self.parentID = parentID
        self.name = Self.cut(name)
        self.kind = kind
        self.start = start
        self.end = end
        if case .failed(let reason) = status { self.status = .failed(Self.cut(reason)) } else { self.status = status }
        self.attributes = attributes.prefix(Self.attributesMax).map { attribute in
            if case .text(let text) = attribute.value { Attribute(attribute.key, Self.cut(text)) } else { attribute }
        }
        droppedAttributes = attributes.count - self.attributes.count
    }

    private static func cut(_ text: String) -> String {
        // A text of so few bytes can't have more characters.
        guard text.utf8.count > charactersMax else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(charactersMax)))
    }
}
