// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Keeps a warning or an error that comes again and again from flooding the log.
///
/// A message of one scope is written `linesPerWindow` times in a window; what comes after is counted, and the first
/// line of a later window carries the count in its field `suppressed`. The fields don't tell messages apart: an address
/// or a key that differs each time is what floods are made of.
final class LogRepeats: Sendable {
    static let linesPerWindow = 10
    static let windowSeconds = 60
    /// Messages that are remembered at once; while there are more in one window, those beyond are written unlimited.
    static let messagesMax = 128

    enum Verdict: Equatable {
        /// To be written; as many like it were not, since the last that was.
        case written(suppressed: Int)
        case suppressed
    }

    private struct Key: Hashable {
        var scope: String
        var message: String
    }

    private struct Entry {
        var start: Int
        var lines = 0
        var suppressed = 0
    }

    private let entries = Mutex<[Key: Entry]>([:])
    private let suppressedTotal = Atomic<Int>(0)

    /// Lines that were not written since the start.
    var suppressed: Int { suppressedTotal.load(ordering: .relaxed) }

    func admit(scope: String, message: String, at seconds: Int) -> Verdict {
        let key = Key(scope: scope, message: message)
        return entries.withLock { entries in
            guard var entry = entries[key] ?? Self.place(&entries, at: seconds) else { return .written(suppressed: 0) }
            var earlier = 0
            // A clock that was set back ends the window too.
            if !(0..<Self.windowSeconds).contains(seconds - entry.start) {
                earlier = entry.suppressed
                entry = Entry(start: seconds)
            }
            defer { entries[key] = entry }
            guard entry.lines < Self.linesPerWindow else {
                entry.suppressed += 1
                // Safe: 2^63 lines aren't reached.
                suppressedTotal.wrappingAdd(1, ordering: .relaxed)
                return .suppressed
            }
            entry.lines += 1
            return .written(suppressed: earlier)
        }
    }

    /// A new entry, if there is a place for it: windows that ended without a suppressed line are forgotten first, then
    /// all that ended.
    private static func place(_ entries: inout [Key: Entry], at seconds: Int) -> Entry? {
        if entries.count >= messagesMax {
            entries = entries.filter { seconds - $0.value.start < windowSeconds || $0.value.suppressed > 0 }
        }
        if entries.count >= messagesMax {
            entries = entries.filter { seconds - $0.value.start < windowSeconds }
        }
        return entries.count < messagesMax ? Entry(start: seconds) : nil
    }
}
