// SPDX-License-Identifier: Apache-2.0

/// A function of a file and the lines it takes, from its declaration to its closing brace.
struct FunctionLength: Equatable {
    let name: String
    let line: Int
    let lineCount: Int

    /// Finds the functions by counting braces in code without comments and literals.
    static func all(in file: SourceFile) -> [FunctionLength] {
        file.code.indices.compactMap { index in
            guard let (name, begin) = declaration(in: file.code[index]) else { return nil }
            guard let end = bodyEnd(file.code, from: index, at: begin) else { return nil }
            return FunctionLength(name: name, line: index, lineCount: end - index + 1)
        }
    }

    /// The name of the function that a line declares, and where in the line that begins.
    private static func declaration(in line: String) -> (name: String, begin: String.Index)? {
        guard ["func ", "init", "subscript"].contains(where: { line.contains($0) }) else { return nil }
        if let function = line.firstMatch(of: /\bfunc\s+([^\s(<]+)/) {
            return (String(function.1), function.range.lowerBound)
        }
        let pattern = /^\s*(?:(?:package|private|fileprivate|convenience|required)\s+)*(init|deinit|subscript)\b/
        return line.firstMatch(of: pattern).map { (String($0.1), $0.range.lowerBound) }
    }

    /// The line of the brace that closes the body; nil for a declaration without one, as in a protocol.
    private static func bodyEnd(_ code: [String], from start: Int, at begin: String.Index) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in start..<code.count {
            if index > start, braces == 0, parentheses == 0, beginsDeclaration(code[index]) { return nil }
            for character in index == start ? code[index][begin...] : code[index][...] {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where parentheses == 0 || braces > 0: braces += 1
                case "}" where braces == 0 && parentheses == 0: return nil
                case "}" where braces > 0:
                    braces -= 1
                    if braces == 0 { return index }
                default: continue
                }
            }
        }
        return nil
    }

    private static func beginsDeclaration(_ line: String) -> Bool {
        line.contains(/^\s*(?:package |private |static |mutating |@)*(?:func|init|var|let|struct|enum|class|case)\b/)
    }
}
