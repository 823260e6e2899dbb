// SPDX-License-Identifier: Apache-2.0

internal import WireRESP

/// All commands that are known, found by name without memory: a hash table with open addresses.
///
/// A subcommand (OBJECT ENCODING) is an entry of its own, under the command that it belongs to.
struct RedisCommandTable: Sendable {
    private struct Slot: Sendable {
        var name = RESPName.none
        /// The command that it is a subcommand of, plus one; zero for commands.
        var parent: UInt16 = 0
        /// The command's place in `commands`, plus one; zero for a free slot.
        var entry: UInt16 = 0
    }

    /// At least four times as many as commands, so that most are found at once.
    private static let slotCount = 2048

    /// The names by id, `OBJECT|ENCODING` for a subcommand.
    let names: [String]
    private let commands: [RedisCommand]
    private var slots: [Slot]

    /// Every command of Redis and Valkey that we know.
    static let standard = RedisCommandTable(RedisCommandDefinition.all)

    init(_ definitions: [RedisCommandDefinition]) {
        precondition(definitions.count * 4 <= Self.slotCount, "The table has room for every command.")
        names = definitions.map(\.name)
        commands = definitions.enumerated().map { $1.command(id: UInt16($0)) }
        slots = Array(repeating: Slot(), count: Self.slotCount)
        for definition in definitions where !definition.name.contains("|") { insert(definition.name, parent: 0) }
        for definition in definitions where definition.name.contains("|") {
            let words = definition.name.split(separator: "|").map(String.init)
            guard let parent = entry(RESPName(words[0]), parent: 0) else {
                preconditionFailure("\(definition.name) belongs to no command.")
            }
            insert(definition.name, subcommand: words[1], parent: parent)
        }
    }

    private mutating func insert(_ name: String, subcommand: String? = nil, parent: UInt16) {
        let key = RESPName(subcommand ?? name)
        precondition(entry(key, parent: parent) == nil, "\(name) is defined once.")
        // Safe: `names` has the name, for it was made of the definitions that are inserted.
        let index = names.firstIndex(of: name)!
        var place = Self.hash(key, parent)
        while slots[place].entry != 0 { place = (place + 1) % Self.slotCount }
        slots[place] = Slot(name: key, parent: parent, entry: UInt16(index) + 1)
    }

    /// The command that `bytes` begin with. Throws for names and subcommands that aren't known and for a number of
    /// arguments that can't be; commands that are refused are returned, with the refusal as their route.
    @inline(__always)
    func find(_ command: RESPCommand, _ bytes: borrowing Span<UInt8>) throws(RedisRefusal) -> RedisCommand {
        guard let entry = entry(command.name, parent: 0) else { throw .unknown }
        let found = commands[Int(entry) - 1]
        guard found.takes(arguments: command.argumentCount) else { throw .arity }
        if case .container = found.route { return try subcommand(of: entry, command, bytes) }
        return found
    }

    private func subcommand(
        of parent: UInt16, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) throws(RedisRefusal) -> RedisCommand {
        let name = RESPName(bytes, at: command[1].offset, length: command[1].length)
        guard let entry = entry(name, parent: parent) else { throw .unknownSubcommand }
        let found = commands[Int(entry) - 1]
        guard found.takes(arguments: command.argumentCount) else { throw .arity }
        return found
    }

    /// For counters and the slow log.
    func name(_ command: RedisCommand) -> String { names[Int(command.id)] }

    @inline(__always)
    private func entry(_ name: RESPName, parent: UInt16) -> UInt16? {
        var place = Self.hash(name, parent)
        while true {
            let slot = slots[place]
            if slot.entry == 0 { return nil }
            if slot.name == name, slot.parent == parent { return slot.entry }
            place = (place + 1) % Self.slotCount
        }
    }

    @inline(__always)
    private static func hash(_ name: RESPName, _ parent: UInt16) -> Int {
        // Safe: hashes are of numbers that wrap.
        let word = name.first &+ name.second &* 0x9E37_79B9_7F4A_7C15 &+ name.third &* 0xBF58_476D_1CE4_E5B9
        let mixed = (word ^ UInt64(parent)) &* 0x94D0_49BB_1331_11EB
        return Int(truncatingIfNeeded: mixed >> 32) & (slotCount - 1)
    }
}
