// SPDX-License-Identifier: Apache-2.0

/// What is known of a host's name from one lookup to the next: a state machine that says only what is new.
package struct NameWatch: Sendable {
    package enum Change: Equatable, Sendable {
        /// It leads to other addresses than before.
        case moved(from: Set<String>, to: Set<String>)
        /// It can't be looked up any more, or never could; said once.
        case lost(NameLookupError)
        /// It can be looked up (again), and leads where it led, or for the first time after it was lost.
        case found(Set<String>)
    }

    /// Where it led last; empty if nobody knows yet.
    package private(set) var addresses: Set<String> = []
    private var isLost = false

    package init() {}

    /// Takes the outcome of a lookup. A name that is lost still leads where it led.
    package mutating func learned(_ outcome: Result<Set<String>, NameLookupError>) -> Change? {
        switch outcome {
        case .failure(let error):
            guard !isLost else { return nil }
            isLost = true
            return .lost(error)
        case .success(let found):
            let (before, wasLost) = (addresses, isLost)
            (addresses, isLost) = (found, false)
            if !before.isEmpty, before != found { return .moved(from: before, to: found) }
            return wasLost ? .found(found) : nil
        }
    }
}
