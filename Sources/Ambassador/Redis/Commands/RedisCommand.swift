// SPDX-License-Identifier: Apache-2.0

internal import WireRESP

/// What is known of one of Redis' commands: where its keys are, and so which servers must see it.
struct RedisCommand: Sendable {
    enum Access: Sendable {
        /// Changes keys, publishes, or runs a script that may.
        case write
        /// Only reads keys, so that a replica may answer it.
        case read
        /// Has nothing to do with keys.
        case other
    }

    /// Its place in `RedisCommandTable.names`, for counters.
    let id: UInt16
    /// As Redis tells it: with the name; at least so many if negative.
    let arity: Int8
    let access: Access
    let keys: RedisKeyRule
    let route: RedisRoute
    let family: CommandFamily

    init(id: UInt16, arity: Int8, access: Access, keys: RedisKeyRule, route: RedisRoute) {
        self.id = id
        self.arity = arity
        self.access = access
        self.keys = keys
        self.route = route
        family =
            switch route {
            case .blocking: .blocking
            case .script: .script
            default:
                switch access {
                case .write: .write
                case .read: .read
                case .other: .other
                }
            }
    }

    var isWrite: Bool { access == .write }
    var isReadOnly: Bool { access == .read }

    /// Whether it may have so many arguments, its name among them. More than `arity` says are left to the server, for
    /// it may be newer, unless it never sees the command.
    @inline(__always)
    func takes(arguments count: Int) -> Bool {
        let least = Int(arity.magnitude)
        return count == least || (count > least && !isExact)
    }

    private var isExact: Bool {
        guard arity > 0 else { return false }
        switch route {
        case .local, .transaction: return true
        default: return false
        }
    }
}

/// Where a command's keys are among its arguments; the name is argument 0.
enum RedisKeyRule: Sendable, Equatable {
    case none
    case at(UInt8)
    /// From `first` to `last`, which counts from the end if it is negative (-1 is the last argument), each `step`.
    case range(first: UInt8, last: Int8, step: UInt8)
    /// The argument `at` says how many keys follow it.
    case counted(at: UInt8)
    /// As `counted`, with the key of the result before.
    case countedWithResult(at: UInt8)
    /// `XREAD … STREAMS key … id …`.
    case streams
    /// `SORT key … [STORE key]`, and patterns that would read keys of other servers.
    case sort
    /// `GEORADIUS key … [STORE key]`, with options from that argument on.
    case storeOption(from: UInt8)

    /// The key that decides, where it is simply at a place: the case that must be fast.
    @inline(__always)
    var place: Int? {
        if case .at(let index) = self { Int(index) } else { nil }
    }
}

/// Which servers see a command, and what becomes of their replies.
enum RedisRoute: Sendable, Equatable {
    /// The server of its keys, which must have them all; the first server if it has no key.
    case byKey
    /// As `byKey`, and on a private connection if it says that it wants to wait (`RedisKeys.blocks`).
    case byKeyOrBlocking
    /// Each server of its keys gets its part.
    case split(RedisSplit)
    case everyServer(RedisMerge)
    /// Any, for all of them would say the same.
    case anyServer
    /// One after another, by the cursor.
    case scan
    /// Answered here.
    case local(RedisLocalCommand)
    /// The server of its keys, on a private connection, which it blocks.
    case blocking
    /// Binds the client to one server for a while.
    case transaction(RedisTransactionCommand)
    case pubSub(RedisPubSubCommand)
    /// As `byKey`; scripts are told apart because a server may have to be given one first.
    case script(RedisScriptCommand)
    /// What is done depends on the argument that follows; `RedisCommandTable.find` resolves it.
    case container
    case refused(RedisRefusal)
}

/// How the keys of a command are spread and the parts' replies become one.
enum RedisSplit: Sendable, Equatable {
    /// MGET: the values, in the order of the keys.
    case values
    /// One reply for all keys.
    case total(RedisTotal)
}

/// The one reply to a command with many keys that all parts' replies make.
enum RedisTotal: Sendable, Equatable {
    /// DEL and the like: how many keys it concerned.
    case sum
    /// MSET: pairs of keys and values; OK.
    case ok
}

/// How the replies of all servers become one.
enum RedisMerge: Sendable, Equatable {
    /// One that all give alike: PING, SCRIPT LOAD, FLUSHALL. An error of any server is the reply.
    case same
    case sum
    /// The largest integer.
    case maximum
    /// The elements of all arrays: KEYS.
    case elements
    /// Arrays of zeros and ones: what all servers have (SCRIPT EXISTS).
    case allHave
    /// Arrays of names and counts, summed by name: PUBSUB NUMSUB.
    case counts
    /// Any that isn't a null: RANDOMKEY.
    case anyValue
    case info
}

enum RedisLocalCommand: Sendable, Equatable {
    case hello, auth, select, echo, time, quit, reset
    case clientID, clientInfo, clientGetName, clientSetName, clientSetInfo
    /// Says something that changes nothing here, such as CLIENT NO-EVICT.
    case clientOption
}

enum RedisTransactionCommand: Sendable, Equatable {
    case multi, exec, discard, watch, unwatch
}

enum RedisPubSubCommand: Sendable, Equatable {
    case subscribe, unsubscribe, patternSubscribe, patternUnsubscribe, shardSubscribe, shardUnsubscribe
}

enum RedisScriptCommand: Sendable, Equatable {
    case eval, evalSHA, function, load, flush
}
