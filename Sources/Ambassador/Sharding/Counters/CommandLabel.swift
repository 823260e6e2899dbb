// SPDX-License-Identifier: Apache-2.0

/// What a command is called in figures.
struct CommandLabel: Sendable {
    let family: CommandFamily
    /// Its number in the protocol's table.
    let command: UInt16
    let key: KeyBeginning

    /// What a connection asks for itself.
    static let own = CommandLabel(.other, command: 0, key: .none)

    @inline(__always)
    init(_ family: CommandFamily, command: UInt16, key: KeyBeginning) {
        self.family = family
        self.command = command
        self.key = key
    }
}

/// The kinds of commands whose latency is told apart.
package enum CommandFamily: UInt8, CaseIterable {
    case read, write, script, blocking, other
}
