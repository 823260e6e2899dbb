// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestKit

/// The events as their sources say them.
///
/// An event is a function, so that its call reads well and its values have types; what a reader of the log wants, a
/// table, is therefore taken from the text of Sources/Ground/Telemetry/Catalogue. What counts is each
/// `LogEvent("id", level, "sentence", [fields])`.
struct EventCatalogue {
    struct Entry: Equatable {
        var room: String
        var id: String
        var level: String
        /// With `{name}` where a value goes.
        var sentence: String
        var fields: [String]
    }

    var entries: [Entry] = []

    init() throws {
        let folder = repositoryRoot + "/Sources/Ground/Telemetry/Catalogue"
        for file in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
            guard file.hasSuffix("Events.swift") else { continue }
            let room = file.dropLast("Events.swift".count)
            let source = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
            entries += Self.entries(in: source, room: String(room))
        }
    }

    static func entries(in source: String, room: String) -> [Entry] {
        var found: [Entry] = []
        var scanner = SwiftText(source)
        while scanner.skip(past: "LogEvent(") {
            // Anything else is a declaration or an initializer's call with other arguments.
            guard let call = scanner.arguments(), call.count >= 3, let id = SwiftText.literal(call[0]),
                let sentence = SwiftText.literal(call[2])
            else { continue }
            let fields = call.count > 3 ? SwiftText.keys(ofDictionary: call[3]) : []
            found.append(
                Entry(
                    room: room, id: id, level: call[1].replacing(".", with: ""), sentence: sentence, fields: fields))
        }
        return found
    }

    /// docs/reference/events.md.
    var markdown: String {
        var text = """
            # Events

            <!-- Generated from Sources/Ground/Telemetry/Catalogue; a test holds it. -->

            Everything that Outrigger says in its log. A line's `event` is the id below, which stays the same from
            version to version; the sentence may change. Levels are those of the source: `notice` is written as `info`,
            `critical` as `fatal`.

            """
        for room in Set(entries.map(\.room)).sorted() {
            text += "\n## \(room)\n\n| event | level | sentence | fields |\n|---|---|---|---|\n"
            for entry in entries where entry.room == room {
                let fields = entry.fields.map { "`\($0)`" }.joined(separator: ", ")
                let sentence = entry.sentence.replacing("|", with: "\\|")
                text += "| `\(entry.id)` | \(entry.level) | \(sentence) | \(fields) |\n"
            }
        }
        return text
    }
}

/// Reads just enough of Swift's source: string literals and balanced brackets.
struct SwiftText {
    private var rest: Substring

    init(_ text: String) { rest = text[...] }

    mutating func skip(past marker: String) -> Bool {
        guard let range = rest.firstRange(of: marker) else { return false }
        rest = rest[range.upperBound...]
        return true
    }

    /// The arguments up to the closing parenthesis of a call whose opening one was just passed, each as its text.
    mutating func arguments() -> [String]? {
        var arguments: [String] = []
        var current = ""
        var depth = 0
        while let next = rest.first {
            if next == "\"" {
                guard let literal = literalText() else { return nil }
                current += literal
                continue
            }
            rest.removeFirst()
            switch next {
            case "(", "[", "{": depth += 1
            case ")" where depth == 0: return arguments + [current.trimmed]
            case ")", "]", "}": depth -= 1
            case "," where depth == 0:
                arguments.append(current.trimmed)
                current = ""
                continue
            default: break
            }
            current.append(next)
        }
        return nil
    }

    /// The text of the literal that begins here, quotes and interpolations included.
    private mutating func literalText() -> String? {
        var text = "\""
        rest.removeFirst()
        while let next = rest.popFirst() {
            text.append(next)
            if next == "\"" { return text }
            guard next == "\\", let escaped = rest.popFirst() else { continue }
            text.append(escaped)
            guard escaped == "(" else { continue }
            guard let inner = arguments() else { return nil }
            text += inner.joined(separator: ", ") + ")"
        }
        return nil
    }

    /// The value of an expression that consists of string literals, with `{expression}` for each interpolation.
    static func literal(_ expression: String) -> String? {
        guard expression.hasPrefix("\"") else { return nil }
        var scanner = SwiftText(expression)
        var value = ""
        while scanner.rest.first == "\"", let literal = scanner.literalText() {
            var inner = SwiftText(String(literal.dropFirst().dropLast()))
            while let next = inner.rest.popFirst() {
                guard next == "\\", let escaped = inner.rest.popFirst() else {
                    value.append(next)
                    continue
                }
                if escaped == "(" {
                    value += "{" + (inner.arguments() ?? []).joined(separator: ", ") + "}"
                } else {
                    value.append(escaped)
                }
            }
            scanner.rest = scanner.rest.drop { " +\n".contains($0) }
        }
        return value
    }

    /// The literal keys at the top level of `["key": value, …]`.
    static func keys(ofDictionary expression: String) -> [String] {
        guard expression.hasPrefix("[") else { return [] }
        var scanner = SwiftText(expression.dropFirst().dropLast() + ")")
        return (scanner.arguments() ?? []).compactMap { entry in
            guard entry.hasPrefix("\""), let end = entry.dropFirst().firstIndex(of: "\"") else { return nil }
            return String(entry[entry.index(after: entry.startIndex)..<end])
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        let body = drop { $0.isWhitespace }
        return String(body.reversed().drop { $0.isWhitespace }.reversed())
    }
}
