// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Which of a pool's servers take part in its ring: a state machine that is told what happened and when.
///
/// A server that fails so many times in a row is ejected: its keys go to the others. After a pause it is asked whether
/// it is well; until it says so it stays out, and each time that it doesn't the pause doubles.
struct RingMembership {
    private enum Standing {
        case living(failures: Int)
        case ejected(until: NIODeadline, pause: TimeAmount)
        case probed(pause: TimeAmount)
    }

    /// The longest pause, in those of the configuration.
    static let pauseGrowthMax: Int64 = 8

    private var rules: EjectionConfiguration
    private var standings: [String: Standing]
    /// How often a server has been ejected.
    private(set) var ejections: UInt64 = 0

    init(_ servers: [String], rules: EjectionConfiguration) {
        self.rules = rules
        standings = Dictionary(uniqueKeysWithValues: servers.map { ($0, .living(failures: 0)) })
    }

    func lives(_ server: String) -> Bool {
        if case .living = standings[server] { return true }
        return false
    }

    /// When the next ejected server is to be asked.
    var nextProbe: NIODeadline? {
        standings.values.compactMap { standing in
            if case .ejected(let until, _) = standing { return until }
            return nil
        }.min()
    }

    /// A connection to the server failed, or it said that it can't serve; true if that ejected it.
    mutating func failed(_ server: String, at now: NIODeadline) -> Bool {
        guard rules.enabled, case .living(let failures) = standings[server] else { return false }
        guard failures + 1 >= rules.failures else {
            standings[server] = .living(failures: failures + 1)
            return false
        }
        let pause = TimeAmount(rules.pause)
        standings[server] = .ejected(until: now + pause, pause: pause)
        ejections += 1
        return true
    }

    /// The server answered: earlier failures don't count any more.
    mutating func answered(_ server: String) {
        if case .living = standings[server] { standings[server] = .living(failures: 0) }
    }

    /// The servers whose pause is over; each is now to be asked, once.
    mutating func takeDue(at now: NIODeadline) -> [String] {
        var due: [String] = []
        for (server, standing) in standings {
            guard case .ejected(let until, let pause) = standing, until <= now else { continue }
            standings[server] = .probed(pause: pause)
            due.append(server)
        }
        return due.sorted()
    }

    /// What came of asking; true if the server takes part again.
    mutating func probed(_ server: String, isWell: Bool, at now: NIODeadline) -> Bool {
        guard case .probed(let pause) = standings[server] else { return false }
        guard !isWell else {
            standings[server] = .living(failures: 0)
            return true
        }
        let longer = min(pause * 2, TimeAmount(rules.pause) * Self.pauseGrowthMax)
        standings[server] = .ejected(until: now + longer, pause: longer)
        return false
    }

    /// Servers came and went, or the rules changed. Those that stay keep their standing, unless nobody is ejected any
    /// more.
    mutating func change(_ servers: [String], rules: EjectionConfiguration) {
        self.rules = rules
        let before = standings
        standings = Dictionary(
            uniqueKeysWithValues: servers.map { server in
                (server, rules.enabled ? before[server] ?? .living(failures: 0) : .living(failures: 0))
            })
    }
}
