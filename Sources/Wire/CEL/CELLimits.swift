// SPDX-License-Identifier: Apache-2.0

/// What bounds the time and the memory of rules, whoever writes them and whatever events they see.
package enum CELLimits {
    /// An expression's length; rules that people write have a line or two.
    package static let sourceBytesMax = 16 << 10
    /// How deep an expression nests, long chains of one operator included; the language asks for 24 operators in a row
    /// and 12 levels. Parsing and evaluating recurse, and a thread of the task pool has 512 KiB of stack.
    package static let depthMax = 48
    /// What one evaluation may cost: 1 for each step and each element that is looked at, 1 for each 16 bytes of text.
    /// It is reached after some tens of milliseconds.
    package static let costMax = 500_000
    /// The longest text or byte sequence that an evaluation makes.
    package static let textBytesMax = 1 << 20
    /// Instructions of a pattern for `matches`, after its repetitions are written out.
    package static let patternInstructionsMax = 4096
    /// How deep groups and repetitions of a pattern nest.
    package static let patternDepthMax = 48
    /// The most times that one repetition of a pattern counts, which is RE2's limit.
    package static let patternRepeatMax = 1000
}

/// What is left of an evaluation's cost.
struct CELBudget {
    private var left = CELLimits.costMax

    mutating func charge(_ cost: Int) throws(CELEvaluationError) {
        left -= cost
        if left < 0 {
            throw CELEvaluationError(.limitReached, "the evaluation costs more than \(CELLimits.costMax) steps")
        }
    }

    /// Charges for text that is read.
    mutating func charge(text bytes: Int) throws(CELEvaluationError) { try charge(1 + bytes / 16) }

    /// Charges for text that is made, and refuses what is too long.
    mutating func charge(result bytes: Int) throws(CELEvaluationError) {
        try Self.check(result: bytes)
        try charge(text: bytes)
    }

    static func check(result bytes: Int) throws(CELEvaluationError) {
        guard bytes <= CELLimits.textBytesMax else {
            throw CELEvaluationError(.limitReached, "a text is longer than \(CELLimits.textBytesMax) bytes")
        }
    }
}
