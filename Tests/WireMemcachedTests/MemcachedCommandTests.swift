// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import WireMemcached

@Suite struct MemcachedCommandTests {
    @Test(
        "Each command is read with its key, its value and what it asks not to hear",
        arguments: [
            ("get a\r\n", .command(.get, key: "a")),
            ("get  abc   b \r\n", .command(.get, key: "abc", keyCount: 2)),
            ("gets a b c\n", .command(.gets, key: "a", keyCount: 3)),
            ("gat -1 a b\r\n", .command(.gat, key: "a", keyCount: 2)),
            ("gats 0 a\r\n", .command(.gats, key: "a")),
            ("set key 5 0 3\r\nabc\r\n", .command(.set, key: "key", value: "abc")),
            ("set a 4294967295 -2147483647 0\r\n\r\n", .command(.set, key: "a", value: "")),
            ("add a 0 0 4\r\n\r\n\r\n\r\n", .command(.add, key: "a", value: "\r\n\r\n")),
            ("replace a 0 0 01 noreply\r\nx\r\n", .command(.replace, key: "a", value: "x", silence: .everything)),
            ("append a 0 0 1\nx\r\n", .command(.append, key: "a", value: "x")),
            ("prepend a 0 0 1\r\nx\r\n", .command(.prepend, key: "a", value: "x")),
            ("cas a 0 0 1 18446744073709551615\r\nx\r\n", .command(.cas, key: "a", value: "x")),
            ("cas a 0 0 1 7 noreply \r\nx\r\n", .command(.cas, key: "a", value: "x", silence: .everything)),
            ("delete a\r\n", .command(.delete, key: "a")),
            ("delete a 0\r\n", .command(.delete, key: "a")),
            ("delete a 0 noreply\r\n", .command(.delete, key: "a", silence: .everything)),
            ("delete noreply noreply\r\n", .command(.delete, key: "noreply", silence: .everything)),
            ("incr a 18446744073709551615\r\n", .command(.increment, key: "a")),
            ("decr a 1 noreply\r\n", .command(.decrement, key: "a", silence: .everything)),
            ("touch a 2147483647\r\n", .command(.touch, key: "a")),
            ("mg a\r\n", .command(.metaGet, key: "a")),
            ("mg a v k Oabc q t\r\n", .command(.metaGet, key: "a", silence: .misses)),
            ("ms a 3 T0 q\r\nabc\r\n", .command(.metaSet, key: "a", value: "abc", silence: .successes)),
            ("md a q\r\n", .command(.metaDelete, key: "a", silence: .successes)),
            ("ma a N0 J5 q v\r\n", .command(.metaArithmetic, key: "a", silence: .successes)),
            ("me a q\r\n", .command(.metaDebug, key: "a")),
            ("mn\r\n", .command(.metaNoOp, keyCount: 0)),
            ("stats settings now\r\n", .command(.statistics, keyCount: 0)),
            ("flush_all\r\n", .command(.flushAll, keyCount: 0)),
            ("flush_all 10 noreply\r\n", .command(.flushAll, keyCount: 0, silence: .everything)),
            ("flush_all noreply\r\n", .command(.flushAll, keyCount: 0, silence: .everything)),
            ("verbosity 1\r\n", .command(.verbosity, keyCount: 0)),
            ("version\r\n", .command(.version, keyCount: 0)),
            ("quit\r\n", .command(.quit, keyCount: 0)),
        ] as [(String, ReadCommand)])
    func commands(_ row: (text: String, command: ReadCommand)) {
        #expect(readCommands(row.text) == [row.command])
    }

    @Test func `every verb is found by its name, and every name of a server's own command is refused by it`() {
        let arguments = [
            "set": " a 0 0 0", "add": " a 0 0 0", "replace": " a 0 0 0", "append": " a 0 0 0", "prepend": " a 0 0 0",
            "ms": " a 0", "delete": " a", "incr": " a 1", "decr": " a 1", "touch": " a 1", "flush_all": "",
            "verbosity": " 1", "gat": " 1 a", "gats": " 1 a",
        ]
        let names = MemcachedVerb.names
        #expect(names.count == MemcachedVerb.allCases.count)
        for (name, verb) in zip(names, MemcachedVerb.allCases) {
            let line = name + (arguments[name] ?? " a 0 0 0 1")
            var reader = CommandReader()
            reader.feed(Array("\(line)\r\n\r\n".utf8))
            #expect(reader.commands.first?.verb == verb, "\(name)")
            #expect(readCommands("\(name)x a\r\n") == [.refused(.unknownCommand)])
        }
        for command in MemcachedServerCommand.allCases {
            #expect(readCommands("\(command.rawValue) a b\r\n") == [.refused(.unsupported(command))])
        }
    }

    @Test func `what asks for silence is left out on the way to a server, and nothing else is`() {
        let rows = [
            ("set a 0 0 1 noreply\r\nx\r\n", "set a 0 0 1\r\nx\r\n"),
            ("set a 0 0 7   noreply  \nnoreply\r\n", "set a 0 0 7  \nnoreply\r\n"),
            ("delete a 0 noreply\r\n", "delete a 0\r\n"),
            ("mg a v q k\r\n", "mg a v k\r\n"),
            ("ms q 1 q\r\nq\r\n", "ms q 1\r\nq\r\n"),
            ("me a q\r\n", "me a\r\n"),
            ("get noreply\r\n", "get noreply\r\n"),
            ("flush_all noreply\r\n", "flush_all\r\n"),
        ]
        for (sent, forwarded) in rows {
            var reader = CommandReader()
            reader.feed(Array(sent.utf8))
            #expect(String(decoding: reader.forwarded, as: UTF8.self) == forwarded)
        }
    }

    @Test func `only what a client asked not to hear is hidden`() {
        let hidden: [MemcachedSilence: [MemcachedStatus]] = [
            .nothing: [], .everything: MemcachedStatus.allCases, .misses: [.metaMiss],
            .successes: [.metaDone, .metaValue],
        ]
        for (silence, statuses) in hidden {
            #expect(MemcachedStatus.allCases.filter { silence.hides($0) } == statuses.sorted(by: Self.inOrder))
        }
    }

    private static func inOrder(_ a: MemcachedStatus, _ b: MemcachedStatus) -> Bool {
        let all = MemcachedStatus.allCases
        return all.firstIndex(of: a) ?? 0 < all.firstIndex(of: b) ?? 0
    }

    @Test func `commands are read one after the other, in whatever pieces they come`() {
        let text =
            "get a b\r\nset c 1 2 5\r\nget x\r\nmg YWI= b v\r\nfoo\r\ndelete d noreply\r\n"
            + "set e 0 0 2\r\nlong\r\nmn\r\n"
        let whole = readCommands(text)
        #expect(whole.count == 8)
        for size in 1...text.utf8.count {
            var reader = CommandReader()
            for start in stride(from: 0, to: text.utf8.count, by: size) {
                reader.feed(Array(text.utf8.dropFirst(start).prefix(size)))
            }
            #expect(reader.read == whole, "in pieces of \(size)")
        }
    }

    @Test func `a value is known to be missing as soon as its line is here, and so is where it goes`() {
        var scanner = MemcachedCommandScanner()
        #expect(scanner.scan(Array("set key 0 0 1000".utf8).span) == .incomplete(missing: 1))
        #expect(scanner.partial == nil)
        #expect(scanner.scan(Array("set key 0 0 1000\r\nabc".utf8).span) == .incomplete(missing: 999))
        #expect(scanner.partial?.key == MemcachedPlace(offset: 4, length: 3))
        #expect(scanner.partial?.length == 1020)
    }

    @Test func `all keys of a retrieval are walked over`() {
        let bytes = Array("gats 10  ab c   def \r\n".utf8)
        var scanner = MemcachedCommandScanner()
        guard case .complete(let command) = scanner.scan(bytes.span) else {
            Issue.record("the command isn't complete")
            return
        }
        var keys = MemcachedKeys(command)
        var found: [String] = []
        while let key = keys.next(in: bytes.span) { found.append(String(decoding: bytes[key.range], as: UTF8.self)) }
        #expect(found == ["ab", "c", "def"])
    }

    @Test(
        "A key in base64 stands for the bytes that it encodes",
        arguments: [("YQ==", "a"), ("YWI=", "ab"), ("YWJj", "abc"), ("YWJjZA==", "abcd"), ("fn5+Pz8/", "~~~???")])
    func base64(_ row: (encoded: String, decoded: String)) throws {
        let bytes = Array("mg \(row.encoded) b\r\n".utf8)
        var scanner = MemcachedCommandScanner()
        guard case .complete(let command) = scanner.scan(bytes.span) else {
            Issue.record("the command isn't complete")
            return
        }
        #expect(command.isKeyEncoded)
        var decoded = ByteBuffer()
        MemcachedBase64.decode(bytes.span, command.key, into: &decoded)
        #expect(String(buffer: decoded) == row.decoded)
    }
}
