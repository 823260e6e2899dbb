// SPDX-License-Identifier: Apache-2.0

/// Finds what somebody may have meant to type.
package enum EditDistance {
    /// Names longer than this get no suggestion; it bounds the work for hostile input.
    package static let lengthMax = 80

    /// The candidate that is nearest to `name`, if it is near enough to be meant: at most a third of the name is wrong.
    package static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        guard name.utf8.count <= lengthMax else { return nil }
        let typed = Array(name.lowercased().utf8)
        var best: (name: String, distance: Int)?
        for candidate in candidates where candidate.utf8.count <= lengthMax {
            let distance = between(typed, Array(candidate.lowercased().utf8))
            if distance < (best?.distance ?? .max) { best = (candidate, distance) }
        }
        guard let best, best.distance <= max(1, typed.count / 3) else { return nil }
        return best.name
    }

    /// The fewest insertions, removals, replacements and swaps of neighbours that turn one into the other
    /// (optimal string alignment).
    package static func between(_ from: [UInt8], _ to: [UInt8]) -> Int {
        guard !from.isEmpty, !to.isEmpty else { return max(from.count, to.count) }
        var beforePrevious: [Int] = []
        var previous = Array(0...to.count)
        for i in 1...from.count {
            var current = [i] + Array(repeating: 0, count: to.count)
            for j in 1...to.count {
                let replacement = previous[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1)
                current[j] = min(previous[j] + 1, current[j - 1] + 1, replacement)
                if i > 1, j > 1, from[i - 1] == to[j - 2], from[i - 2] == to[j - 1] {
                    current[j] = min(current[j], beforePrevious[j - 2] + 1)
                }
            }
            beforePrevious = previous
            previous = current
        }
        return previous[to.count]
    }
}
