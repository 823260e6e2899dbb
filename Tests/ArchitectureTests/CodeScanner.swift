// SPDX-License-Identifier: Apache-2.0

/// Blanks what isn't code: comments, and the contents of string literals outside their interpolations.
///
/// It knows as much of Swift's grammar as that needs: nested block comments, raw and multi-line literals, and literals
/// within interpolations. Newlines stay, so that line numbers do.
struct CodeScanner {
    private enum Context {
        /// Code at a depth of parentheses, counted from the beginning of the file or of the interpolation.
        case code(depth: Int)
        case lineComment
        case blockComment(depth: Int)
        case literal(isMultiline: Bool, pounds: Int)
    }

    /// Bytes that can begin or end something; all others are passed over quickly.
    private static let codeMarks = Array("/#\"()".utf8)
    private static let literalMarks = Array("\\\"\n".utf8)

    private let bytes: [UInt8]
    private var position = 0
    private var output: [UInt8] = []
    private var contexts: [Context] = [.code(depth: 0)]

    static func blank(_ text: String) -> String {
        var scanner = CodeScanner(bytes: Array(text.utf8))
        scanner.run()
        return String(decoding: scanner.output, as: UTF8.self)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func run() {
        while position < bytes.count {
            switch contexts[contexts.count - 1] {
            case .code(let depth): scanCode(depth)
            case .lineComment: scanLineComment()
            case .blockComment(let depth): scanBlockComment(depth)
            case .literal(let isMultiline, let pounds): scanLiteral(isMultiline, pounds)
            }
        }
    }

    private mutating func scanCode(_ depth: Int) {
        guard Self.codeMarks.contains(bytes[position]) else { return copy() }
        if startsWith("//") { return enter(.lineComment, skipping: 2) }
        if startsWith("/*") { return enter(.blockComment(depth: 1), skipping: 2) }
        let pounds = bytes[position...].prefix { $0 == UInt8(ascii: "#") }.count
        let fence = String(repeating: "#", count: pounds)
        for (quote, isMultiline) in [("\"\"\"", true), ("\"", false)] where startsWith(fence + quote) {
            return enter(.literal(isMultiline: isMultiline, pounds: pounds), skipping: pounds + quote.utf8.count)
        }
        if startsWith("(") { contexts[contexts.count - 1] = .code(depth: depth + 1) }
        if startsWith(")") {
            // The parenthesis that ends an interpolation takes the scanner back into its literal.
            if depth == 0 && contexts.count > 1 { return leave(skipping: 1) }
            contexts[contexts.count - 1] = .code(depth: depth - 1)
        }
        copy()
    }

    private mutating func scanLineComment() {
        if bytes[position] == UInt8(ascii: "\n") { return leave(skipping: 0) }
        skip(1)
    }

    private mutating func scanBlockComment(_ depth: Int) {
        if startsWith("/*") {
            contexts[contexts.count - 1] = .blockComment(depth: depth + 1)
            return skip(2)
        }
        guard startsWith("*/") else { return skip(1) }
        guard depth == 1 else {
            contexts[contexts.count - 1] = .blockComment(depth: depth - 1)
            return skip(2)
        }
        leave(skipping: 2)
    }

    private mutating func scanLiteral(_ isMultiline: Bool, _ pounds: Int) {
        guard Self.literalMarks.contains(bytes[position]) else { return skip(1) }
        let fence = String(repeating: "#", count: pounds)
        if startsWith("\\" + fence + "(") { return enter(.code(depth: 0), skipping: pounds + 2) }
        if startsWith("\\") { return skip(min(2, bytes.count - position)) }
        let quote = isMultiline ? "\"\"\"" : "\""
        if startsWith(quote + fence) { return leave(skipping: quote.utf8.count + pounds) }
        // A literal that a line ends was no literal; going on as code keeps one mistake from hiding the rest.
        if !isMultiline && startsWith("\n") { return leave(skipping: 0) }
        skip(1)
    }

    private func startsWith(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func enter(_ context: Context, skipping count: Int) {
        skip(count)
        contexts.append(context)
    }

    private mutating func leave(skipping count: Int) {
        contexts.removeLast()
        skip(count)
    }

    private mutating func copy() {
        output.append(bytes[position])
        position += 1
    }

    private mutating func skip(_ count: Int) {
        for _ in 0..<count {
            output.append(bytes[position] == UInt8(ascii: "\n") ? bytes[position] : UInt8(ascii: " "))
            position += 1
        }
    }
}
