// SPDX-License-Identifier: Apache-2.0

/// A lexical element, with the byte where it begins.
struct CELToken: Equatable {
    enum Form: Equatable {
        case identifier(String)
        /// A field's name in backquotes, which may have marks in it: `content-type`.
        case quotedName(String)
        /// `true`, `false`, `null`, `in`: these can't be names at all.
        case keyword(String)
        case symbol(String)
        /// A number without its sign, so that the least `int` can be written.
        case int(UInt64)
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case end
    }

    var form: Form
    var offset: Int

    /// What an error calls it.
    var summary: String {
        switch form {
        case .identifier(let name), .quotedName(let name), .keyword(let name): "'\(name)'"
        case .symbol(let symbol): "'\(symbol)'"
        case .int, .uint, .double: "a number"
        case .string: "a string"
        case .bytes: "bytes"
        case .end: "the end"
        }
    }

    static let keywords: Set<String> = ["true", "false", "null", "in"]
    /// Words that may name a field, but neither a variable nor a function.
    static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]
}

/// What a parser knows of a mistake before it is given its line and column.
struct CELMistake: Error {
    var offset: Int
    var message: String
}
