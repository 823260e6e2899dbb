// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
internal import Proxying
internal import WireRESP

/// What goes wrong with commands of a pool's clients on purpose, on all event loops.
final class RedisFaults: Sendable {
    enum Fate: Sendable, Equatable {
        case delay(TimeAmount)
        case answer(ByteBuffer)
        case reset
    }

    private struct Fault: Sendable {
        let name: String
        let kind: RedisFaultConfiguration.Kind
        let delay: FaultDelay
        let error: ByteBuffer
        /// By id; nil is every command.
        let commands: Set<UInt16>?
        let keys: BytePattern?
        let choice: FaultChoice
    }

    private let faults: [Fault]

    /// Nil if there are none.
    init?(_ table: NamedTable<RedisFaultConfiguration>) {
        guard !table.isEmpty else { return nil }
        faults = table.map { name, fault in
            var error = ByteBuffer()
            error.writeRESPLine("-", fault.error)
            return Fault(
                name: name, kind: fault.kind, delay: FaultDelay(fault.delay, jitter: fault.jitter), error: error,
                commands: fault.commands.isEmpty ? nil : fault.commands.reduce(into: []) { $0.formUnion(Self.ids($1)) },
                keys: fault.keys.map(BytePattern.init), choice: FaultChoice(fault.selection))
        }
    }

    /// The commands that a name means: `CLIENT` with all that belongs to it, or `CLIENT SETNAME` alone.
    static func ids(_ name: String) -> Set<UInt16> {
        let name = name.uppercased().replacing(" ", with: "|")
        let names = RedisCommandTable.standard.names
        return Set(names.indices.filter { names[$0] == name || names[$0].hasPrefix(name + "|") }.map(UInt16.init))
    }

    /// How many commands each fault has hit, by its name.
    var hits: [(fault: String, count: Int)] { faults.map { ($0.name, $0.choice.hits) } }

    /// What the first fault that hits a command makes of it; nil if none does.
    func fate(of found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>) -> Fate? {
        for fault in faults where Self.concerns(fault, found, command, bytes) {
            guard var random = fault.choice.next() else { continue }
            switch fault.kind {
            case .delay: return .delay(.nanoseconds(fault.delay.next(&random)))
            case .error: return .answer(fault.error)
            case .reset: return .reset
            }
        }
        return nil
    }

    private static func concerns(
        _ fault: Fault, _ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) -> Bool {
        if let commands = fault.commands, !commands.contains(found.id) { return false }
        guard let keys = fault.keys else { return true }
        do {
            let place = try RedisKeys(found.keys, of: command, bytes)
            return place.total > 0 && keys.matches(bytes.extracting(command[place.first].range))
        } catch {
            // It is refused for what it says, whatever its keys.
            return false
        }
    }
}

extension RedisFaultConfiguration {
    /// Those of `commands` that are no commands.
    package var unknownCommands: [String] { commands.filter { RedisFaults.ids($0).isEmpty } }
}
