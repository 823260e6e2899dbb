// SPDX-License-Identifier: Apache-2.0

/// A set of code points: ranges and general categories of Unicode.
struct ScalarSet: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    /// Letters of categories, such as `L` or `Lu`; a name in `excluded` stands for all that aren't in it.
    var categories: [String] = []
    var excludedCategories: [String] = []
    /// Sets whose complements are in this one, such as `\D` in `[\Da]`.
    var excluded: [ScalarSet] = []
    var isNegated = false
    var ignoresCase = false

    init(_ ranges: [ClosedRange<UInt32>] = []) { self.ranges = ranges }

    static let digits = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarSet([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])
    static let any = ScalarSet([0...0x10FFFF])
    static let notNewline = ScalarSet([0...0x09, 0x0B...0x10FFFF])

    /// The names between `[:` and `:]`.
    static let named: [String: ScalarSet] = [
        "alnum": ScalarSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A]), "alpha": ScalarSet([0x41...0x5A, 0x61...0x7A]),
        "ascii": ScalarSet([0...0x7F]), "blank": ScalarSet([0x09...0x09, 0x20...0x20]),
        "cntrl": ScalarSet([0...0x1F, 0x7F...0x7F]), "digit": digits, "graph": ScalarSet([0x21...0x7E]),
        "lower": ScalarSet([0x61...0x7A]), "print": ScalarSet([0x20...0x7E]),
        "punct": ScalarSet([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]),
        "space": ScalarSet([0x09...0x0D, 0x20...0x20]), "upper": ScalarSet([0x41...0x5A]), "word": word,
        "xdigit": ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66]),
    ]

    mutating func add(_ other: ScalarSet) {
        guard !other.isNegated else {
            var complement = other
            complement.isNegated = false
            excluded.append(complement)
            return
        }
        ranges += other.ranges
        categories += other.categories
        excludedCategories += other.excludedCategories
        excluded += other.excluded
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        if holds(scalar) { return !isNegated }
        guard ignoresCase else { return isNegated }
        let others = [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping]
        for other in others where other.unicodeScalars.count == 1 {
            if let other = other.unicodeScalars.first, holds(other) { return !isNegated }
        }
        return isNegated
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        if ranges.contains(where: { $0.contains(scalar.value) }) { return true }
        if excluded.contains(where: { !$0.contains(scalar) }) { return true }
        guard !categories.isEmpty || !excludedCategories.isEmpty else { return false }
        let category = Self.categoryNames[scalar.properties.generalCategory] ?? "Cn"
        return categories.contains { category.hasPrefix($0) } || excludedCategories.contains { !category.hasPrefix($0) }
    }

    static let categoryNames: [Unicode.GeneralCategory: String] = [
        .uppercaseLetter: "Lu", .lowercaseLetter: "Ll", .titlecaseLetter: "Lt", .modifierLetter: "Lm",
        .otherLetter: "Lo", .nonspacingMark: "Mn", .spacingMark: "Mc", .enclosingMark: "Me", .decimalNumber: "Nd",
        .letterNumber: "Nl", .otherNumber: "No", .connectorPunctuation: "Pc", .dashPunctuation: "Pd",
        .openPunctuation: "Ps", .closePunctuation: "Pe", .initialPunctuation: "Pi", .finalPunctuation: "Pf",
        .otherPunctuation: "Po", .mathSymbol: "Sm", .currencySymbol: "Sc", .modifierSymbol: "Sk", .otherSymbol: "So",
        .spaceSeparator: "Zs", .lineSeparator: "Zl", .paragraphSeparator: "Zp", .control: "Cc", .format: "Cf",
        .surrogate: "Cs", .privateUse: "Co", .unassigned: "Cn",
    ]
}
