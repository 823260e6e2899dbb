// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Ambassador

struct RedisCommandTableTests {
    /// A line of `RedisOracle.commands`.
    struct Known: CustomTestStringConvertible {
        let name: String
        let arity: Int
        let access: String
        let keys: [Int]
        let moves: Bool
        let waits: Bool

        var testDescription: String { name }

        /// The fewest words that it takes.
        var command: ScannedCommand {
            let words = name.lowercased().split(separator: "|").map(String.init)
            return ScannedCommand(words + Array(repeating: "1", count: max(0, abs(arity) - words.count)))
        }
    }

    static let known = RedisOracle.commands.split(separator: ";").map { line in
        let words = line.split { $0.isWhitespace }.map(String.init)
        return Known(
            name: words[0], arity: Int(words[1]) ?? 0, access: words[2], keys: words[3...5].compactMap { Int($0) },
            moves: words[6] == "+", waits: words[7] == "!")
    }

    @Test func `every command of Redis is known, with the arguments that it needs`() throws {
        #expect(Self.known.count > 350)
        let containers = Set(Self.known.map(\.name).filter { $0.contains("|") }.map { $0.prefix { $0 != "|" } })
        for known in Self.known where !containers.contains(known.name[...]) {
            let found = try known.command.find()
            if !known.name.contains("|") { #expect(found.arity.magnitude == abs(known.arity), "\(known.name)") }
        }
    }

    @Test func `keys are where Redis says, and are read or written as it says`() throws {
        for known in Self.known where known.keys[0] > 0 || known.moves {
            let found = try known.command.find()
            if case .refused = found.route { continue }
            if known.access != "-" { #expect(found.isWrite == (known.access == "w"), "\(known.name)") }
            switch found.keys {
            case .at(let index): #expect(known.keys == [Int(index), Int(index), 1], "\(known.name)")
            case .range(let first, let last, let step):
                #expect(known.keys == [Int(first), Int(last), Int(step)], "\(known.name)")
            case .counted, .streams: #expect(known.moves, "\(known.name)")
            case .countedWithResult, .sort, .storeOption: #expect(known.moves && known.keys[0] == 1, "\(known.name)")
            case .none: Issue.record("\(known.name) has keys.")
            }
        }
    }

    @Test func `what may wait at a server gets a connection of its own`() throws {
        for known in Self.known where known.waits {
            let route = try known.command.find().route
            #expect(route == .blocking || route == .byKeyOrBlocking, "\(known.name)")
        }
    }

    @Test(arguments: RedisOracle.keys)
    func `the keys are those that Redis finds`(command: String, keys: [String]) throws {
        let found = try ScannedCommand(command).walkKeys()
        #expect(found.sorted() == keys.sorted())
    }

    @Test(arguments: [
        ("XREAD BLOCK 0 STREAMS a 0", true), ("XREAD COUNT 1 STREAMS a 0", false),
        ("XREADGROUP GROUP g BLOCK STREAMS a >", false), ("XREADGROUP GROUP g c BLOCK 5 STREAMS a >", true),
    ])
    func `reading a stream waits only if it says so`(command: String, blocks: Bool) throws {
        #expect(try ScannedCommand(command).findKeys().blocks == blocks)
    }

    @Test(
        arguments: [
            ("EVAL s x a", RedisRefusal.numberOfKeys), ("EVAL s -1 a", .numberOfKeys), ("EVAL s +1 a", .numberOfKeys),
            ("EVAL s 01 a", .numberOfKeys), ("EVAL s 9999999999 a", .numberOfKeys), ("EVAL s 2 a", .tooManyKeys),
            ("ZUNIONSTORE d 3 a b", .tooManyKeys), ("XREAD COUNT 1 a 0", .syntax), ("XREAD STREAMS a b 0", .syntax),
            ("XREAD COUNT 1 STREAMS", .syntax), ("XREAD BLOCK 0 COUNT", .syntax), ("SORT k BY w_*", .sortPattern),
            ("SORT k LIMIT 0 1 GET # GET o_*->f", .sortPattern), ("MSET a 1 b", .arity), ("MSETNX a 1 b", .arity),
        ])
    func `keys that can't be found for certain are refused`(command: String, refusal: RedisRefusal) {
        #expect(throws: refusal) { try ScannedCommand(command).findKeys() }
    }

    @Test func `an option without its value is left to the server`() throws {
        #expect(try ScannedCommand("SORT k STORE").walkKeys() == ["k"])
        #expect(try ScannedCommand("SORT k BY").walkKeys() == ["k"])
        #expect(try ScannedCommand("GEORADIUS k 1 2 3 km STORE").walkKeys() == ["k"])
        #expect(try ScannedCommand("UNSUBSCRIBE").walkKeys() == [])
    }

    @Test(
        arguments: [
            ("NOPE a 'b", "ERR unknown command 'NOPE', with args beginning with: 'a' ''b' "),
            ("get", "ERR wrong number of arguments for 'get' command"),
            ("object", "ERR wrong number of arguments for 'object' command"),
            ("select 1 2", "ERR wrong number of arguments for 'select' command"),
            ("exec 1", "ERR wrong number of arguments for 'exec' command"),
            ("object encoding", "ERR wrong number of arguments for 'object' command"),
            ("object Nope k", "ERR unknown subcommand 'Nope'. Try OBJECT HELP."),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                "ERR unknown command 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', with args beginning with: "
            ),
        ])
    func `what isn't known is refused in Redis' words`(command: String, text: String) {
        let scanned = ScannedCommand(command)
        do throws(RedisRefusal) {
            _ = try scanned.find()
            Issue.record("\(command) was found.")
        } catch {
            #expect(scanned.text(error) == text)
        }
    }

    @Test(
        arguments: [
            ("CONFIG GET save", "ERR unsupported command 'CONFIG': servers are administered one by one"),
            ("WAIT 1 0", "ERR unsupported command 'WAIT': it concerns a server's connection, which clients share"),
            ("MONITOR", "ERR unsupported command 'MONITOR': it streams from one server"),
            ("CLUSTER SLOTS", "ERR This instance has cluster support disabled"),
        ])
    func `what isn't offered is named`(command: String, text: String) throws {
        let scanned = ScannedCommand(command)
        guard case .refused(let refusal) = try scanned.find().route else {
            Issue.record("\(command) is offered.")
            return
        }
        #expect(scanned.text(refusal) == text)
    }

    @Test func `other refusals have Redis' codes`() {
        let scanned = ScannedCommand("SUNION a b")
        #expect(scanned.text(.crossSlot) == "CROSSSLOT Keys in request don't hash to the same slot")
        #expect(scanned.text(.syntax) == "ERR syntax error")
        #expect(scanned.text(.numberOfKeys) == "ERR value is not an integer or out of range")
        #expect(scanned.text(.tooManyKeys) == "ERR Number of keys can't be greater than number of args")
        #expect(scanned.text(.sortPattern).hasPrefix("ERR BY and GET patterns of SORT"))
    }

    @Test func `more arguments than are known are left to the server, which may be newer`() throws {
        #expect(try ScannedCommand("GET a b").find().route == .byKey)
        #expect(try ScannedCommand("DBSIZE 1").find().route == .everyServer(.sum))
    }

    @Test func `an unknown command is said again only so far`() throws {
        let scanned = ScannedCommand(["nope", String(repeating: "x", count: 200), "y"])
        #expect(scanned.text(.unknown).utf8.count < 250)
        #expect(!scanned.text(.unknown).contains("y'"))
    }

    @Test func `a key's bytes are known with those of its value`() throws {
        let scanned = ScannedCommand(["MSET", "a", "1", "bc", "23"])
        var walk = RedisKeyWalk(try scanned.findKeys(), of: scanned.command)
        var parts: [String] = []
        while walk.next(scanned.bytes.span) != nil {
            let begin = walk.begin
            let end = walk.passValue(scanned.bytes.span)
            parts.append(String(decoding: scanned.bytes[begin..<end], as: UTF8.self))
        }
        #expect(parts == ["$1\r\na\r\n$1\r\n1\r\n", "$2\r\nbc\r\n$2\r\n23\r\n"])
    }

    @Test func `families tell blocking commands and scripts from reads and writes`() throws {
        #expect(try ScannedCommand("GET k").find().family == .read)
        #expect(try ScannedCommand("SET k v").find().family == .write)
        #expect(try ScannedCommand("BLPOP k 0").find().family == .blocking)
        #expect(try ScannedCommand("EVAL s 0").find().family == .script)
        #expect(try ScannedCommand("PING").find().family == .other)
        #expect(try ScannedCommand("GET k").find().isReadOnly)
    }

    @Test func `a command has the name that counters show`() throws {
        let table = RedisCommandTable.standard
        #expect(table.name(try ScannedCommand("object encoding k").find()) == "OBJECT|ENCODING")
        #expect(Set(table.names).count == table.names.count)
    }
}
