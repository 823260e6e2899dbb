// SPDX-License-Identifier: Apache-2.0

/// A line of the command table.
struct RedisCommandDefinition: Sendable {
    let name: String
    let arity: Int8
    let access: RedisCommand.Access
    let keys: RedisKeyRule
    let route: RedisRoute

    func command(id: UInt16) -> RedisCommand {
        RedisCommand(id: id, arity: arity, access: access, keys: keys, route: route)
    }

    static let all = strings + hashes + lists + sets + sortedSets + streams + keyspace + sessions + servers

    static func read(
        _ name: String, _ arity: Int8, _ keys: RedisKeyRule = .at(1), _ route: RedisRoute = .byKey
    ) -> Self {
        Self(name: name, arity: arity, access: .read, keys: keys, route: route)
    }

    static func write(
        _ name: String, _ arity: Int8, _ keys: RedisKeyRule = .at(1), _ route: RedisRoute = .byKey
    ) -> Self {
        Self(name: name, arity: arity, access: .write, keys: keys, route: route)
    }

    static func other(_ name: String, _ arity: Int8, _ route: RedisRoute, _ keys: RedisKeyRule = .none) -> Self {
        Self(name: name, arity: arity, access: .other, keys: keys, route: route)
    }

    static func refused(_ name: String, _ arity: Int8, _ refusal: RedisRefusal) -> Self {
        other(name, arity, .refused(refusal))
    }
}

extension RedisKeyRule {
    /// All arguments.
    static let all = range(first: 1, last: -1, step: 1)
    /// All but the last, which says how long to wait.
    static let allBeforeTimeout = range(first: 1, last: -2, step: 1)
    /// The first two arguments.
    static let two = range(first: 1, last: 2, step: 1)
    /// Each with a value behind it.
    static let pairs = range(first: 1, last: -1, step: 2)
}
