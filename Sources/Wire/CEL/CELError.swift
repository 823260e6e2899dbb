// SPDX-License-Identifier: Apache-2.0

/// A place in an expression; line and column count from 1, the column in code points.
package struct CELPosition: Sendable, Hashable, CustomStringConvertible {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The place of the byte at `offset`.
    init(of offset: Int, in source: [UInt8]) {
        line = 1
        column = 1
        for byte in source.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                // A byte that continues a code point is none of its own.
                column += 1
            }
        }
    }

    package var description: String { "\(line):\(column)" }
}

/// Why a text is no expression, and where: `1:9: found 'amd', expected an operator or the end`.
package struct CELSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    package var position: CELPosition
    package var message: String

    package var description: String { "\(position): \(message)" }
}

/// Why an expression has no value for these bindings. It quotes names of the expression, never the values.
package struct CELEvaluationError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Reason: String, Sendable {
        case unknownVariable, noSuchKey, noSuchOverload, overflow, divisionByZero, indexOutOfRange, invalidArgument
        case repeatedKey
        /// The evaluation reached one of `CELLimits`; no operator absorbs this.
        case limitReached
    }

    package var reason: Reason
    package var message: String
    package var position: CELPosition?
    /// Where it happened, in bytes of the source, until the program makes a position of it.
    var offset: Int?

    init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    package var description: String { position.map { "\($0): \(message)" } ?? message }

    static func noOverload(_ name: String, _ arguments: [CELValue]) -> CELEvaluationError {
        let types = arguments.map(\.type.rawValue).joined(separator: ", ")
        return CELEvaluationError(.noSuchOverload, "\(name) takes no (\(types))")
    }
}
