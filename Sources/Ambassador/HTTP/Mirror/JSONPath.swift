// SPDX-License-Identifier: Apache-2.0

/// Places in JSON, as RFC 9535 writes them: `$.items[2].price`, `$.items[*].id`, `$..time`, `$["a key"]`.
///
/// Filters, slices and lists of names aren't understood.
package struct JSONPath: Sendable, Hashable {
    package enum Step: Sendable, Hashable {
        case key(String)
        case index(Int)
        /// `.*` or `[*]`.
        case any
        /// `..name`: a key in any depth.
        case descendant(String)
    }

    package var steps: [Step]

    package init(_ steps: [Step] = []) { self.steps = steps }

    /// Nil for what is no such path.
    package init?(text: String) {
        guard text.first == "$" else { return nil }
        var reader = JSONPathReader(rest: text.dropFirst())
        guard let steps = reader.steps() else { return nil }
        self.init(steps)
    }

    /// Whether the path leads to `place`, or to something that `place` is in.
    package func covers(_ place: JSONPath) -> Bool { Self.covers(steps[...], place.steps[...]) }

    private static func covers(_ pattern: ArraySlice<Step>, _ place: ArraySlice<Step>) -> Bool {
        guard let first = pattern.first else { return true }
        let rest = pattern.dropFirst()
        if case .descendant(let name) = first {
            return place.indices.contains { place[$0] == .key(name) && covers(rest, place[($0 + 1)...]) }
        }
        guard let step = place.first, first == .any || first == step else { return false }
        return covers(rest, place.dropFirst())
    }

    /// As many of its steps as have about so many characters, the last one shortened.
    func beginning(upTo charactersMax: Int) -> JSONPath {
        var left = charactersMax
        var beginning: [Step] = []
        for step in steps where left > 0 {
            guard case .key(let name) = step else {
                beginning.append(step)
                left -= 1
                continue
            }
            let part = name.unicodeScalars.prefix(left)
            beginning.append(.key(String(part)))
            left -= part.count + 1
        }
        return JSONPath(beginning)
    }

    /// The same path with any place of an array in place of the one.
    package var general: JSONPath {
        JSONPath(
            steps.map { step in
                if case .index = step { return .any }
                return step
            })
    }
}

extension JSONPath: CustomStringConvertible {
    package var description: String {
        steps.reduce("$") { text, step in
            switch step {
            case .key(let name):
                Self.isPlain(name)
                    ? "\(text).\(name)"
                    : text + "[\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\"]"
            case .index(let index): "\(text)[\(index)]"
            case .any: "\(text)[*]"
            case .descendant(let name): "\(text)..\(name)"
            }
        }
    }

    /// Whether a name needs no quotes.
    static func isPlain(_ name: some StringProtocol) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || "0123456789_-".unicodeScalars.contains($0)
            }
    }
}

/// Reads what follows `$`.
private struct JSONPathReader {
    var rest: Substring

    mutating func steps() -> [JSONPath.Step]? {
        var steps: [JSONPath.Step] = []
        while !rest.isEmpty {
            guard let step = step() else { return nil }
            steps.append(step)
        }
        return steps
    }

    private mutating func step() -> JSONPath.Step? {
        if take("..") { return name().map(JSONPath.Step.descendant) }
        if take(".*") || take("[*]") { return .any }
        if take(".") { return name().map(JSONPath.Step.key) }
        guard take("[") else { return nil }
        for quote: Character in ["\"", "'"] where take(String(quote)) { return quoted(until: quote) }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        guard let index = Int(digits), take("]") else { return nil }
        return .index(index)
    }

    private mutating func name() -> String? {
        let name = rest.prefix { $0 != "." && $0 != "[" }
        guard JSONPath.isPlain(name) else { return nil }
        rest = rest.dropFirst(name.count)
        return String(name)
    }

    private mutating func quoted(until quote: Character) -> JSONPath.Step? {
        var name = ""
        while let character = rest.popFirst() {
            if character == quote { return take("]") ? .key(name) : nil }
            guard let plain = character == "\\" ? rest.popFirst() : character else { return nil }
            name.append(plain)
        }
        return nil
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.hasPrefix(text) else { return false }
        rest = rest.dropFirst(text.count)
        return true
    }
}
