// SPDX-License-Identifier: Apache-2.0

/// How a line of the access log looks: JSON, or what a user has written with `%{NAME}` in it.
package struct AccessLogFormat: Sendable, Equatable {
    enum Piece: Sendable, Equatable {
        case literal([UInt8])
        case field(AccessLogField)
    }

    package static let json = AccessLogFormat(text: "json", pieces: [])

    let text: String
    /// Of a format of the user's; JSON's depend on the headers that are asked for.
    private let pieces: [Piece]

    private init(text: String, pieces: [Piece]) {
        self.text = text
        self.pieces = pieces
    }

    var isJSON: Bool { self == .json }

    /// `%%` stands for a per cent sign. Nil for a name that isn't known, and for a sign that begins none.
    package init?(text: String) {
        if text == "json" {
            self = .json
            return
        }
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var rest = Substring(text)
        while let character = rest.popFirst() {
            guard character == "%" else {
                // A line of the log is one line.
                guard character.unicodeScalars.allSatisfy({ $0.value >= 0x20 || $0 == "\t" }) else { return nil }
                literal += Array(character.utf8)
                continue
            }
            if rest.popFirst(if: "%") {
                literal.append(UInt8(ascii: "%"))
                continue
            }
            guard rest.popFirst(if: "{"), let end = rest.firstIndex(of: "}"),
                let field = AccessLogField(name: String(rest[..<end]))
            else { return nil }
            if !literal.isEmpty { pieces.append(.literal(literal)) }
            literal = []
            pieces.append(.field(field))
            rest = rest[rest.index(after: end)...]
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        guard !pieces.isEmpty else { return nil }
        self.init(text: text, pieces: pieces)
    }

    /// What a line is made of, its end included.
    func pieces(requestHeaders: [String], responseHeaders: [String]) -> [Piece] {
        guard isJSON else { return pieces + [.literal(Array("\n".utf8))] }
        let fields =
            AccessLogField.ofJSON + requestHeaders.map { .requestHeader($0) }
            + responseHeaders.map { .responseHeader($0) }
        var pieces: [Piece] = []
        for (index, field) in fields.enumerated() {
            pieces.append(.literal(Array("\(index == 0 ? "{" : ",")\"\(field.jsonName)\":".utf8)))
            pieces.append(.field(field))
        }
        return pieces + [.literal(Array("}\n".utf8))]
    }
}

extension Substring {
    fileprivate mutating func popFirst(if character: Character) -> Bool {
        guard first == character else { return false }
        removeFirst()
        return true
    }
}
