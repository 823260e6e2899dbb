// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
internal import Proxying
internal import Telemetry
internal import WireRESP

/// The subscriptions of one client, and the connections over which they come.
///
/// Servers are spoken to in RESP3, where what is published can be told from replies; a client of RESP2 gets it as
/// arrays, which differ in the first byte.
final class Subscriber {
    var subscriptions = Subscriptions()
    fileprivate(set) var connections: [OwnConnection] = []
    /// The client's number of the command that waits for confirmations.
    fileprivate var number: UInt32?
    /// What was published while confirmations, or the rest of a reply, had to go first.
    fileprivate var deferred = ByteBuffer()
    /// For each connection: whether the confirmations that it owes are waited for, in their order.
    fileprivate var owed: [ObjectIdentifier: CircularBuffer<Bool>] = [:]
    fileprivate var pauses: [String: ReconnectPause] = [:]

    fileprivate func connection(to server: String) -> OwnConnection? { connections.first { $0.server.name == server } }

    fileprivate func expect(_ count: Int, on connection: OwnConnection, areWaitedFor: Bool) {
        for _ in 0..<count { owed[ObjectIdentifier(connection), default: []].append(areWaitedFor) }
    }
}

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
            guard !tell(request, word, of: subscriber, areWaitedFor: true) else { continue }
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
        case .local(.quit): converse(.quit, command, bytes)
        case .local(.reset): converse(.reset, command, bytes)
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

    private func place(_ name: [UInt8], _ kind: Subscriptions.Kind) -> [String] {
        guard kind != .pattern, redis.ring.kind != .random else {
            return redis.servers.indices.filter { redis.ring.live[$0] }.map(serverName)
        }
        let server = redis.ring.server(for: name.span, random: &redis.random)
        return server < 0 ? [] : [serverName(server)]
    }

    private func serverName(_ index: Int) -> String { redis.servers[index].name }

    /// False if the server can't be told; then a subscription that waits for it has failed.
    private func tell(
        _ request: Subscriptions.Request, _ word: String, of subscriber: Subscriber, areWaitedFor: Bool
    ) -> Bool {
        guard let connection = subscriberConnection(subscriber, request.server) else { return false }
        if let error = connection.open() {
            fail(subscriber, error, of: request.server)
            return false
        }
        var command = ByteBuffer()
        command.writeCommand([Array(word.utf8)] + request.names)
        subscriber.expect(request.names.count, on: connection, areWaitedFor: areWaitedFor)
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
            guard subscriber.owed[ObjectIdentifier(connection)]?.popFirst() ?? false else { return }
            confirm(subscriber, 1)
        case .other: bytes.moveReaderIndex(forwardBy: length)
        }
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

    private func confirm(_ subscriber: Subscriber, _ count: Int) {
        guard let number = subscriber.number else { return }
        guard let reply = subscriber.subscriptions.confirmed(count, pushes: session.version == 3) else { return }
        subscriber.number = nil
        receive(reply: number, part: 0, reply, .value)
        relayDeferred()
        if subscriber.subscriptions.isEmpty { endSubscriber() }
    }

    private func fail(_ subscriber: Subscriber, _ error: ShardError, of server: String) {
        guard let number = subscriber.number, subscriber.subscriptions.isSubscribing else { return }
        subscriber.number = nil
        let (kind, requests) = subscriber.subscriptions.fail()
        for owed in subscriber.owed.keys { subscriber.owed[owed]?.ignoreAll() }
        for request in requests {
            tellOfEnd(request, kind, of: subscriber)
        }
        fail(number, part: 0, error, of: server)
        relayDeferred()
        if subscriber.subscriptions.isEmpty { endSubscriber() }
    }

    /// A server that isn't connected to has forgotten already.
    private func tellOfEnd(_ request: Subscriptions.Request, _ kind: Subscriptions.Kind, of subscriber: Subscriber) {
        guard let connection = subscriber.connection(to: request.server), connection.isReady else { return }
        _ = tell(request, kind.unsubscribe, of: subscriber, areWaitedFor: false)
    }

    /// Keys have moved, and channels with them.
    func moveSubscriptions() {
        guard let subscriber = own?.subscriber else { return }
        for (kind, begun, ended) in subscriber.subscriptions.move(place: place) {
            for request in begun where !tell(request, kind.subscribe, of: subscriber, areWaitedFor: false) {
                restoreLater(request.server, of: subscriber)
            }
            for request in ended { tellOfEnd(request, kind, of: subscriber) }
        }
    }

    /// Nothing is subscribed to; what servers may still say is for nobody.
    private func endSubscriber() {
        guard let own, let subscriber = own.subscriber else { return }
        own.subscriber = nil
        for connection in subscriber.connections {
            connection.unasked = nil
            if subscriber.owed[ObjectIdentifier(connection)]?.isEmpty ?? true {
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

    // MARK: Servers that are lost

    /// A connection over which messages came has ended: they are subscribed to anew when the server is back.
    func lostSubscription(_ connection: OwnConnection, _ error: ShardError) {
        guard let subscriber = own?.subscriber else { return }
        let owed = subscriber.owed.removeValue(forKey: ObjectIdentifier(connection)) ?? []
        let server = connection.server.name
        if subscriber.subscriptions.isSubscribing {
            if owed.contains(true) { fail(subscriber, error, of: server) }
        } else {
            confirm(subscriber, owed.count { $0 })
        }
        guard own?.subscriber === subscriber, subscriber.subscriptions.count(on: server) > 0 else { return }
        loop.logger.emit(
            .subscriptionsLost(
                pool: loop.name, server: server, reason: error.reason,
                count: subscriber.subscriptions.count(on: server)))
        restoreLater(server, of: subscriber)
    }

    private func restoreLater(_ server: String, of subscriber: Subscriber) {
        let pause = subscriber.pauses[server, default: ReconnectPause()].next()
        loop.eventLoop.assumeIsolated().scheduleTask(in: pause) { [self] in restore(server, of: subscriber) }
    }

    private func restored(_ connection: OwnConnection, _ subscriber: Subscriber) {
        let server = connection.server.name
        guard !subscriber.pauses.isEmpty, subscriber.pauses.removeValue(forKey: server) != nil else { return }
        loop.logger.emit(.subscriptionsRestored(pool: loop.name, server: server))
    }

    private func restore(_ server: String, of subscriber: Subscriber) {
        guard own?.subscriber === subscriber else { return }
        for kind in Subscriptions.Kind.allCases {
            let names = subscriber.subscriptions.names(kind, on: server)
            guard !names.isEmpty else { continue }
            let request = Subscriptions.Request(server: server, names: names)
            guard tell(request, kind.subscribe, of: subscriber, areWaitedFor: false) else {
                return restoreLater(server, of: subscriber)
            }
        }
    }
}

extension CircularBuffer<Bool> {
    fileprivate mutating func ignoreAll() {
        for index in indices { self[index] = false }
    }
}
