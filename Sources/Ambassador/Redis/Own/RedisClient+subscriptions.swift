// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
internal import Proxying
internal import Telemetry
internal import WireRESP

extension RedisClient {
    /// Whether it may say nothing but what has to do with its subscriptions.
    var isConfined: Bool { session.version == 2 && own?.subscriber != nil }

    /// Takes (P|S)SUBSCRIBE and (P|S)UNSUBSCRIBE; false if it isn't the command's turn.
    func takeSubscription(
        _ step: RedisPubSubCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) -> Bool {
        guard isTurn() else { return false }
        let (kind, isSubscribe) = Self.meaning(of: step)
        let names = Self.words(command, bytes)
        guard redis.anyServer >= 0 || !isSubscribe else {
            answer(RedisReply.noServer.bytes)
            return true
        }
        let use = useOwn()
        let subscriber = use.subscriber ?? Subscriber()
        use.subscriber = subscriber
        subscriber.number = expectReply()
        hold(.order)
        let requests =
            isSubscribe
            ? subscriber.subscriptions.subscribe(kind, names) { place($0, kind) }
            : subscriber.subscriptions.unsubscribe(kind, names)
        for request in requests {
            let word = isSubscribe ? kind.subscribe : kind.unsubscribe
            guard !tell(request, word, of: subscriber, for: .command) else { continue }
            // The server that can't be told of an end has forgotten the beginning.
            if isSubscribe { break }
            confirm(subscriber, request.names.count)
        }
        confirm(subscriber, 0)
        seePlainness()
        return true
    }

    private static func meaning(of step: RedisPubSubCommand) -> (Subscriptions.Kind, isSubscribe: Bool) {
        switch step {
        case .subscribe: (.channel, true)
        case .unsubscribe: (.channel, false)
        case .patternSubscribe: (.pattern, true)
        case .patternUnsubscribe: (.pattern, false)
        case .shardSubscribe: (.shard, true)
        case .shardUnsubscribe: (.shard, false)
        }
    }

    /// What isn't about subscriptions, from a client that may say nothing else.
    func takeConfined(_ found: RedisCommand, _ command: RESPCommand, _ bytes: borrowing Span<UInt8>) -> Bool {
        switch found.route {
        case .pubSub(let step): return takeSubscription(step, command, bytes)
        case .local(.quit): return takeLocal(.quit, command, bytes)
        case .local(.reset): return takeLocal(.reset, command, bytes)
        case .everyServer where command.name == Self.ping:
            var reply = ByteBuffer()
            reply.writeCommand([Array("pong".utf8), Self.words(command, bytes).first ?? []])
            answer(reply)
        default:
            let name = "\(command.name)".lowercased()
            answer(
                ByteBuffer(
                    string:
                        "-ERR Can't execute '\(name)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
                        + "are allowed in this context\r\n"))
        }
        return true
    }

    /// The words behind a command's name.
    private static func words(_ command: RESPCommand, _ bytes: borrowing Span<UInt8>) -> [[UInt8]] {
        var arguments = RESPArguments(command)
        _ = arguments.next(bytes)
        var words: [[UInt8]] = []
        while let place = arguments.next(bytes) {
            var word: [UInt8] = []
            word.reserveCapacity(place.length)
            for index in place.range { word.append(bytes[index]) }
            words.append(word)
        }
        return words
    }

    func place(_ name: [UInt8], _ kind: Subscriptions.Kind) -> [String] {
        guard kind != .pattern, redis.ring.kind != .random else {
            return redis.servers.indices.filter { redis.ring.live[$0] }.map(serverName)
        }
        let server = redis.ring.server(for: name.span, random: &redis.random)
        return server < 0 ? [] : [serverName(server)]
    }

    private func serverName(_ index: Int) -> String { redis.servers[index].name }

    /// False if the server can't be told; then a subscription that waits for it has failed.
    func tell(
        _ request: Subscriptions.Request, _ word: String, of subscriber: Subscriber, for purpose: Subscriber.Purpose
    ) -> Bool {
        guard let connection = subscriberConnection(subscriber, request.server) else { return false }
        if let error = connection.open() {
            fail(subscriber, error, of: request.server)
            return false
        }
        var command = ByteBuffer()
        command.writeCommand([Array(word.utf8)] + request.names)
        subscriber.expect(request.names.count, on: connection, for: purpose)
        connection.sendUnanswered(command, commands: 0)
        return true
    }

    /// Nil if there is no such server any more.
    private func subscriberConnection(_ subscriber: Subscriber, _ server: String) -> OwnConnection? {
        if let connection = subscriber.connection(to: server) { return connection }
        guard let server = redis.servers.firstIndex(where: { $0.name == server }) else { return nil }
        var session = session
        session.version = 3
        let connection = redis.own.take(to: server, session, for: self)
        connection.unasked = .any
        subscriber.connections.append(connection)
        return connection
    }

    // MARK: What servers say

    /// Takes what a server says of its own accord.
    func receivePush(_ bytes: inout ByteBuffer, length: Int, on connection: OwnConnection) {
        guard let subscriber = own?.subscriber else { return bytes.moveReaderIndex(forwardBy: length) }
        switch PushKind(bytes.readableBytesUInt8Span.extracting(first: length)) {
        case .message:
            if session.version == 2 { bytes.setInteger(UInt8(ascii: "*"), at: bytes.readerIndex) }
            relay(subscriber, &bytes, length)
        case .confirmation:
            bytes.moveReaderIndex(forwardBy: length)
            restored(connection, subscriber)
            if subscriber.takeConfirmation(on: connection) { confirm(subscriber, 1) }
        case .other: bytes.moveReaderIndex(forwardBy: length)
        }
    }

    /// Takes a server's refusal of what it was told; false if it was told nothing.
    func receiveRefusal(_ reply: ByteBuffer, _ kind: ReplyKind, on connection: OwnConnection) -> Bool {
        guard let subscriber = own?.subscriber, let refused = subscriber.takeRefusal(on: connection) else {
            return false
        }
        switch refused.purpose {
        case .nothing: break
        case .command where subscriber.subscriptions.isSubscribing: fail(subscriber, with: reply)
        case .command: confirm(subscriber, refused.names)
        case .restoration: refusedAgain(subscriber, reply, kind, of: connection.server.name)
        }
        return true
    }

    private func relay(_ subscriber: Subscriber, _ bytes: inout ByteBuffer, _ length: Int) {
        guard subscriber.number != nil || isMidReply else { return push(&bytes, length: length) }
        bytes.readBytes(length, into: &subscriber.deferred)
        if subscriber.deferred.readableBytes > loop.limits.output.bytes { overflow() }
    }

    /// Writes what had to wait.
    func relayDeferred() {
        guard let subscriber = own?.subscriber, subscriber.deferred.readableBytes > 0 else { return }
        guard subscriber.number == nil, !isMidReply else { return }
        var deferred = ByteBuffer()
        swap(&deferred, &subscriber.deferred)
        push(&deferred, length: deferred.readableBytes)
    }

    func confirm(_ subscriber: Subscriber, _ count: Int) {
        guard let number = subscriber.number else { return }
        guard let reply = subscriber.subscriptions.confirmed(count, pushes: session.version == 3) else { return }
        subscriber.number = nil
        receive(reply: number, part: 0, reply, .value)
        relayDeferred()
        if subscriber.subscriptions.isEmpty { endSubscriber() }
    }

    func fail(_ subscriber: Subscriber, _ error: ShardError, of server: String) {
        guard subscriber.subscriptions.isSubscribing else { return }
        loop.clients.failed += 1
        fail(subscriber, with: reply(to: error, of: server))
    }

    /// Gives up a subscription that waits for confirmations, everywhere.
    private func fail(_ subscriber: Subscriber, with reply: ByteBuffer) {
        guard let number = subscriber.number else { return }
        subscriber.number = nil
        let (kind, requests) = subscriber.subscriptions.fail()
        subscriber.endCommand()
        for request in requests { tellOfEnd(request, kind, of: subscriber) }
        receive(reply: number, part: 0, reply, .refusal)
        relayDeferred()
        if subscriber.subscriptions.isEmpty { endSubscriber() }
    }

    /// A server that isn't connected to has forgotten already.
    func tellOfEnd(_ request: Subscriptions.Request, _ kind: Subscriptions.Kind, of subscriber: Subscriber) {
        guard let connection = subscriber.connection(to: request.server), connection.isReady else { return }
        _ = tell(request, kind.unsubscribe, of: subscriber, for: .nothing)
    }

    /// Nothing is subscribed to; what servers may still say is for nobody.
    private func endSubscriber() {
        guard let own, let subscriber = own.subscriber else { return }
        own.subscriber = nil
        for connection in subscriber.connections {
            connection.unasked = nil
            if subscriber.owesNothing(connection) {
                redis.own.give(connection)
            } else {
                connection.abandon()
            }
        }
        seePlainness()
        loop.tick.mark(self)
    }

    /// The client is gone.
    func abandonSubscriber() {
        guard let subscriber = own?.subscriber else { return }
        for connection in subscriber.connections { connection.abandon() }
        own?.subscriber = nil
    }
}
