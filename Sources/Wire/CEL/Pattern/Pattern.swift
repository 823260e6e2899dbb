// SPDX-License-Identifier: Apache-2.0

/// A regular expression in the syntax of RE2, found in a text in time proportional to the text.
///
/// 1. `PatternParser` makes a tree of the text; `PatternCompiler` writes the tree out as instructions of a
///    nondeterministic automaton, repetitions included, at most `CELLimits.patternInstructionsMax` of them.
/// 2. `PatternSearch` goes through the text once and keeps the set of instructions that can be reached. There is no
///    backtracking, so each code point costs at most one visit of each instruction.
/// 3. Only whether there is a match is asked, so captures and greediness mean nothing.
///
/// Unicode's general categories are known (`\pL`, `\p{Lu}`), its scripts (`\p{Greek}`) are not.
struct Pattern: Sendable {
    enum Instruction: Sendable {
        case scalar(Unicode.Scalar)
        case set(ScalarSet)
        case split(Int, Int)
        case jump(Int)
        case assert(PatternAssertion)
        case match
    }

    private let instructions: [Instruction]

    init(_ source: String) throws(PatternError) {
        instructions = try PatternCompiler.compile(try PatternParser.parse(source))
    }

    var instructionCount: Int { instructions.count }

    /// Whether the pattern matches anywhere in the text.
    func isFound(in text: String, _ budget: inout CELBudget) throws(CELEvaluationError) -> Bool {
        var search = PatternSearch(instructions)
        return try search.run(text, &budget)
    }
}

/// One way of a pattern through a text.
private struct PatternSearch {
    /// How many visits of instructions cost what one step of an evaluation does.
    private static let visitsPerStep = 8

    private let instructions: [Pattern.Instruction]
    private var reached: ReachedInstructions
    /// Where the last code point led to, and what is still to be followed from there.
    private var pending: [Int] = []
    private var open: [Int] = []
    private var visits = 0

    init(_ instructions: [Pattern.Instruction]) {
        self.instructions = instructions
        reached = ReachedInstructions(count: instructions.count)
    }

    mutating func run(_ text: String, _ budget: inout CELBudget) throws(CELEvaluationError) -> Bool {
        var rest = text.unicodeScalars.makeIterator()
        var previous: Unicode.Scalar?
        var next = rest.next()
        while true {
            reached.removeAll()
            // A match may begin at every place.
            pending.append(0)
            for start in pending where follow(start, previous, next) { return true }
            try charge(&budget)
            guard let scalar = next else { return false }
            pending.removeAll(keepingCapacity: true)
            for index in reached.dense where takes(index, scalar) { pending.append(index + 1) }
            previous = scalar
            next = rest.next()
        }
    }

    private mutating func charge(_ budget: inout CELBudget) throws(CELEvaluationError) {
        visits += 1 + reached.dense.count
        try budget.charge(visits / Self.visitsPerStep)
        visits %= Self.visitsPerStep
    }

    private func takes(_ index: Int, _ scalar: Unicode.Scalar) -> Bool {
        switch instructions[index] {
        case .scalar(let wanted): wanted == scalar
        case .set(let set): set.contains(scalar)
        case .split, .jump, .assert, .match: false
        }
    }

    /// Adds what can be reached without taking a code point; true if that is a match.
    private mutating func follow(_ start: Int, _ previous: Unicode.Scalar?, _ next: Unicode.Scalar?) -> Bool {
        open.append(start)
        while let index = open.popLast() {
            guard reached.insert(index) else { continue }
            switch instructions[index] {
            case .match: return true
            case .jump(let target): open.append(target)
            case .split(let first, let second):
                open.append(second)
                open.append(first)
            case .assert(let assertion): if assertion.holds(between: previous, and: next) { open.append(index + 1) }
            case .scalar, .set: break
            }
        }
        return false
    }
}

/// A set of instructions that is emptied in one step (Briggs and Torczon's sparse set).
private struct ReachedInstructions {
    private(set) var dense: [Int] = []
    private var places: [Int]

    init(count: Int) {
        places = Array(repeating: 0, count: count)
        dense.reserveCapacity(count)
    }

    mutating func insert(_ index: Int) -> Bool {
        let place = places[index]
        if place < dense.count, dense[place] == index { return false }
        places[index] = dense.count
        dense.append(index)
        return true
    }

    mutating func removeAll() { dense.removeAll(keepingCapacity: true) }
}

/// Why a text is no pattern.
struct PatternError: Error {
    var message: String

    init(_ message: String) { self.message = message }
}

/// A condition on a place of the text.
enum PatternAssertion: Sendable {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary

    func holds(between previous: Unicode.Scalar?, and next: Unicode.Scalar?) -> Bool {
        switch self {
        case .textStart: previous == nil
        case .textEnd: next == nil
        case .lineStart: previous == nil || previous == "\n"
        case .lineEnd: next == nil || next == "\n"
        case .wordBoundary: Self.isWord(previous) != Self.isWord(next)
        case .noWordBoundary: Self.isWord(previous) == Self.isWord(next)
        }
    }

    private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        scalar.map { ScalarSet.word.contains($0) } ?? false
    }
}
