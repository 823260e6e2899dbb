// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing

@testable import Ambassador

@Suite("What a client has subscribed to")
struct SubscriptionsTests {
    private typealias Request = Subscriptions.Request
    private var subscriptions = Subscriptions()

    private func names(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    private func confirmation(_ word: String, _ name: String?, _ count: Int) -> String {
        let name = name.map { "$\($0.utf8.count)\r\n\($0)\r\n" } ?? "$-1\r\n"
        return "*3\r\n$\(word.utf8.count)\r\n\(word)\r\n\(name):\(count)\r\n"
    }

    /// The server of a channel is the number that its name ends with.
    private func place(_ name: [UInt8]) -> [String] { [String(decoding: name.suffix(1), as: UTF8.self)] }

    /// Confirms as often as it takes; how often that was, and the reply.
    private mutating func confirmAll() -> (Int, String) {
        var count = 0
        while count < 100 {
            count += 1
            if let reply = subscriptions.confirmed(pushes: false) { return (count, String(buffer: reply)) }
        }
        return (count, "nothing")
    }

    @Test mutating func `each server is told of its channels, and the client answered in its order`() {
        let requests = subscriptions.subscribe(.channel, names("a0", "b1", "c0"), place: place)
        #expect(
            requests == [Request(server: "0", names: names("a0", "c0")), Request(server: "1", names: names("b1"))])
        let (count, reply) = confirmAll()
        #expect(count == 3)
        #expect(
            reply == confirmation("subscribe", "a0", 1) + confirmation("subscribe", "b1", 2)
                + confirmation("subscribe", "c0", 3))
    }

    @Test mutating func `what is subscribed to already isn't asked for`() {
        _ = subscriptions.subscribe(.channel, names("a0"), place: place)
        _ = confirmAll()
        #expect(
            subscriptions.subscribe(.channel, names("a0", "b0", "b0"), place: place)
                == [Request(server: "0", names: names("b0"))])
        let (count, reply) = confirmAll()
        #expect(count == 1)
        #expect(
            reply == confirmation("subscribe", "a0", 1) + confirmation("subscribe", "b0", 2)
                + confirmation("subscribe", "b0", 2))
    }

    @Test mutating func `a pattern is asked for everywhere, and counted once`() {
        let requests = subscriptions.subscribe(.pattern, names("p*")) { _ in ["0", "1", "2"] }
        #expect(requests.map(\.server) == ["0", "1", "2"])
        let (count, reply) = confirmAll()
        #expect(count == 3)
        #expect(reply == confirmation("psubscribe", "p*", 1))
    }

    @Test mutating func `channels of shards are counted apart`() {
        _ = subscriptions.subscribe(.channel, names("a0"), place: place)
        _ = confirmAll()
        _ = subscriptions.subscribe(.shard, names("s0"), place: place)
        #expect(confirmAll().1 == confirmation("ssubscribe", "s0", 1))
        _ = subscriptions.subscribe(.pattern, names("p0"), place: place)
        #expect(confirmAll().1 == confirmation("psubscribe", "p0", 2))
    }

    @Test mutating func `an end of everything names all, or nothing`() {
        #expect(subscriptions.unsubscribe(.channel, []).isEmpty)
        #expect(
            subscriptions.confirmed(0, pushes: false).map { String(buffer: $0) }
                == confirmation("unsubscribe", nil, 0))
        #expect(subscriptions.isEmpty)
        _ = subscriptions.subscribe(.channel, names("b1", "a0"), place: place)
        _ = confirmAll()
        #expect(!subscriptions.isEmpty)
        #expect(subscriptions.unsubscribe(.channel, []).count == 2)
        let (count, reply) = confirmAll()
        #expect(count == 2)
        #expect(reply == confirmation("unsubscribe", "a0", 1) + confirmation("unsubscribe", "b1", 0))
        #expect(subscriptions.isEmpty)
    }

    @Test mutating func `an end of what wasn't begun asks nobody`() {
        _ = subscriptions.subscribe(.channel, names("a0"), place: place)
        _ = confirmAll()
        #expect(
            subscriptions.unsubscribe(.channel, names("z0", "a0", "a0"))
                == [Request(server: "0", names: names("a0"))])
        #expect(
            confirmAll().1 == confirmation("unsubscribe", "z0", 1) + confirmation("unsubscribe", "a0", 0)
                + confirmation("unsubscribe", "a0", 0))
    }

    @Test mutating func `a subscription that fails is undone, and no more than that`() {
        _ = subscriptions.subscribe(.channel, names("a0"), place: place)
        _ = confirmAll()
        _ = subscriptions.subscribe(.channel, names("a0", "b1", "c0"), place: place)
        #expect(subscriptions.confirmed(pushes: false) == nil)
        let (kind, requests) = subscriptions.fail()
        #expect(kind == .channel)
        #expect(
            requests == [Request(server: "1", names: names("b1")), Request(server: "0", names: names("c0"))])
        #expect(subscriptions.names(.channel, on: "0") == names("a0"))
        #expect(subscriptions.count(on: "1") == 0)
    }

    @Test mutating func `names move to where they live from now on`() {
        _ = subscriptions.subscribe(.channel, names("a0", "b1"), place: place)
        _ = confirmAll()
        _ = subscriptions.subscribe(.pattern, names("p*")) { _ in ["0", "1"] }
        _ = confirmAll()
        let moves = subscriptions.move { name, kind in kind == .pattern ? ["1", "2"] : ["1"] }
        #expect(moves[0].begun == [Request(server: "1", names: names("a0"))])
        #expect(moves[0].ended == [Request(server: "0", names: names("a0"))])
        #expect(moves[1].begun == [Request(server: "2", names: names("p*"))])
        #expect(moves[1].ended == [Request(server: "0", names: names("p*"))])
        #expect(subscriptions.count(on: "1") == 3)
    }

    @Test mutating func `RESP3 has pushes and a null of its own`() {
        _ = subscriptions.unsubscribe(.shard, [])
        #expect(
            subscriptions.confirmed(0, pushes: true).map { String(buffer: $0) }
                == ">3\r\n$12\r\nsunsubscribe\r\n_\r\n:0\r\n")
    }

    @Test(arguments: [
        (">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n", PushKind.message),
        (">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\na\r\n$1\r\nb\r\n", .message),
        (">3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$1\r\nb\r\n", .message),
        (">3\r\n$12\r\npunsubscribe\r\n$1\r\na\r\n:1\r\n", .confirmation),
        (">2\r\n$10\r\ninvalidate\r\n*0\r\n", .other),
        (">0\r\n", .other), (">1\r\n:1\r\n", .other), (">1\r\n$0\r\n\r\n", .other),
    ])
    func `a push is known by its first word`(_ text: String, _ kind: PushKind) {
        #expect(PushKind(Array(text.utf8).span) == kind)
    }
}
