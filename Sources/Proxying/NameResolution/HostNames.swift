// SPDX-License-Identifier: Apache-2.0

/// Names of hosts that are looked up again and again.
package struct HostNames: Sendable {
    package typealias Lookup = @Sendable (String) async -> Result<Set<String>, NameLookupError>

    private var watches: [String: NameWatch]
    private let lookup: Lookup

    package init(_ hosts: some Sequence<String>, lookup: @escaping Lookup = NameLookup.addresses) {
        watches = Dictionary(hosts.map { ($0, NameWatch()) }) { first, _ in first }
        self.lookup = lookup
    }

    /// Where a name led last; empty if nobody knows.
    package func addresses(of host: String) -> Set<String> { watches[host]?.addresses ?? [] }

    /// Has these names be looked up from now on. Of those that stay it is known where they lead.
    package mutating func change(to hosts: some Sequence<String>) {
        let before = watches
        watches = Dictionary(hosts.map { ($0, before[$0] ?? NameWatch()) }) { first, _ in first }
    }

    /// Looks all of them up at once, and calls `learned` with what is new. Nothing is said of a name's first addresses.
    package mutating func look(_ learned: (String, NameWatch.Change) -> Void) async {
        let lookup = lookup
        await withTaskGroup(of: (String, Result<Set<String>, NameLookupError>).self) { group in
            for host in watches.keys { group.addTask { (host, await lookup(host)) } }
            for await (host, outcome) in group where !Task.isCancelled {
                if let change = watches[host]?.learned(outcome) { learned(host, change) }
            }
        }
    }

    /// Looks now and after each interval, until the task is cancelled; without an interval only once.
    package mutating func watch(
        every interval: Duration, _ learned: (String, NameWatch.Change) -> Void
    ) async {
        repeat {
            await look(learned)
            guard interval > .zero else { return }
            try? await Task.sleep(for: interval)
        } while !Task.isCancelled
    }
}
