// SPDX-License-Identifier: Apache-2.0

/// A part of a pattern.
indirect enum PatternNode {
    case empty
    case scalar(Unicode.Scalar)
    case set(ScalarSet)
    case assert(PatternAssertion)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    /// Without `max` there is no upper bound.
    case repetition(PatternNode, min: Int, max: Int?)
}

/// Writes a pattern out as instructions.
struct PatternCompiler {
    private var instructions: [Pattern.Instruction] = []
    private var visits = 0

    static func compile(_ node: PatternNode) throws(PatternError) -> [Pattern.Instruction] {
        var compiler = PatternCompiler()
        try compiler.write(node)
        compiler.instructions.append(.match)
        return compiler.instructions
    }

    private mutating func write(_ node: PatternNode) throws(PatternError) {
        // Visits are counted beside instructions, because nothing repeated a thousand times, a thousand times over,
        // takes long too.
        visits += 1
        guard visits <= CELLimits.patternInstructionsMax, instructions.count < CELLimits.patternInstructionsMax else {
            throw PatternError("it is larger than \(CELLimits.patternInstructionsMax) instructions")
        }
        switch node {
        case .empty: return
        case .scalar(let scalar): instructions.append(.scalar(scalar))
        case .set(let set): instructions.append(.set(set))
        case .assert(let assertion): instructions.append(.assert(assertion))
        case .sequence(let parts): for part in parts { try write(part) }
        case .alternatives(let parts): try write(alternatives: parts)
        case .repetition(let part, let min, let max): try write(part, min: min, max: max)
        }
    }

    private mutating func write(alternatives parts: [PatternNode]) throws(PatternError) {
        var ends: [Int] = []
        for (index, part) in parts.enumerated() {
            guard index < parts.count - 1 else {
                try write(part)
                break
            }
            let split = reserve()
            try write(part)
            ends.append(reserve())
            instructions[split] = .split(split + 1, instructions.count)
        }
        for end in ends { instructions[end] = .jump(instructions.count) }
    }

    private mutating func write(_ part: PatternNode, min: Int, max: Int?) throws(PatternError) {
        for _ in 0..<min { try write(part) }
        guard let max else {
            let split = reserve()
            try write(part)
            instructions.append(.jump(split))
            instructions[split] = .split(split + 1, instructions.count)
            return
        }
        var splits: [Int] = []
        for _ in min..<Swift.max(min, max) {
            splits.append(reserve())
            try write(part)
        }
        for split in splits { instructions[split] = .split(split + 1, instructions.count) }
    }

    /// A place for an instruction whose target isn't known yet.
    private mutating func reserve() -> Int {
        instructions.append(.jump(0))
        return instructions.count - 1
    }
}
