// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
internal import Proxying
internal import WireRESP

/// A command with a long value, of which a part is here: it goes on as it comes.
struct Upload {
    /// Nil when the server was lost; the rest is dropped.
    var connection: OwnConnection?
    /// A command is an array of strings, as a reply may be.
    var scanner: RESPReplyScanner

    init(_ connection: OwnConnection?, limits: RESPLimits) {
        var limits = limits
        limits.nestingMax = 1
        self.connection = connection
        scanner = RESPReplyScanner(limits: limits)
    }
}

// Long values delay all that is behind them on a connection. So a client that sends or gets one has all its commands go
// over connections of its own for a while.
extension RedisClient {
    /// How long a client is taken to move long values after the last one.
    static let longPause = TimeAmount.seconds(5)

    /// A long value is on its way, in whichever direction: as soon as every command has been answered, the next ones go
    /// over this client's own connections.
    func expectLong() {
        let use = useOwn()
        let isFirst = use.longUntil == nil
        use.longUntil = loop.tick.now + Self.longPause
        guard isFirst else { return }
        if waiting > 0 { hold(.order) }
        watchPause(of: use)
    }

    /// Has an idle client give its connections back.
    private func watchPause(of use: OwnUse) {
        guard let until = use.longUntil else { return }
        loop.eventLoop.assumeIsolated().scheduleTask(deadline: until) { [self] in
            guard own === use, let until = use.longUntil else { return }
            if until > loop.tick.now { watchPause(of: use) } else { loop.tick.mark(self) }
        }
    }

    /// Moves this client to connections of its own or back, if it is time to. Every command has been answered.
    func settleLong(_ use: OwnUse) {
        guard let until = use.longUntil, use.upload == nil else { return }
        if until <= loop.tick.now {
            use.longUntil = nil
            leaveLongLane(use)
        } else if use.longLane !== lane || use.longLane == nil {
            moveToOwn(use)
        }
    }

    /// From the next command on, which waits until those before it are answered. One that is on its way goes on.
    func leaveLongLane(_ use: OwnUse) {
        use.longLane = nil
        lane = redis.lane(session)
        if use.upload == nil { awaitAnswers() }
    }

    /// Has the next command wait until those before it are answered.
    private func awaitAnswers() {
        if waiting > 0 { hold(.order) } else { loop.tick.mark(self) }
    }

    /// If there are too many connections already it stays where it is.
    private func moveToOwn(_ use: OwnUse) {
        let connections = redis.servers.indices.map { ownConnection(to: $0) }
        guard connections.allSatisfy({ $0.mayOpen() == nil }) else { return }
        let lane = ShardLane(redis.opening.bytes(for: session), connections)
        use.longLane = lane
        self.lane = lane
    }

    /// Sees a command of which much is missing; true if it must not be waited for as a whole.
    func takeLong(_ command: RESPCommand, _ input: inout ByteBuffer) -> Bool {
        guard isPlain, command.argumentsRead >= 2 else { return false }
        guard isTurn() else { return true }
        expectLong()
        settleLong(useOwn())
        guard let use = own, use.longLane === lane else { return false }
        guard let (found, server) = destination(of: command, input.readableBytesUInt8Span) else { return false }
        begin(found, use, ownConnection(to: server))
        receiveUpload(&input)
        return true
    }

    /// The server of a command that may go on before it is here whole, as its one key is here.
    private func destination(
        of command: RESPCommand, _ bytes: borrowing Span<UInt8>
    ) -> (RedisCommand, server: Int)? {
        guard let found = try? RedisCommandTable.standard.find(command, bytes), case .byKey = found.route,
            let place = found.keys.place, place < command.argumentsRead
        else { return nil }
        let server = redis.ring.server(for: bytes.extracting(command[place].range), random: &redis.random)
        return server < 0 ? nil : (found, server)
    }

    private func begin(_ found: RedisCommand, _ use: OwnUse, _ connection: OwnConnection) {
        let number = expectReply()
        if let error = connection.open() {
            fail(number, part: 0, error, of: connection.server.name)
            use.upload = Upload(nil, limits: scanner.limits)
        } else {
            connection.send(Span(), of: self, number: number, family: found.family, command: found.id, expecting: .any)
            connection.isUploading = true
            use.upload = Upload(connection, limits: scanner.limits)
        }
        scanner = RESPCommandScanner(limits: scanner.limits)
    }

    /// Passes on what has come of the command.
    func receiveUpload(_ input: inout ByteBuffer) {
        guard let own, var upload = own.upload else { return }
        let length: Int
        var isOver = false
        switch upload.scanner.scan(input.readableBytesUInt8Span) {
        case .complete(let command): (length, isOver) = (command.length, true)
        case .incomplete: length = upload.scanner.forget(input.readableBytes)
        case .malformed(let error):
            own.upload = nil
            upload.connection?.end(.abandoned)
            return refuse(error)
        case .inline: return
        }
        upload.connection?.send(part: input.readableBytesUInt8Span.extracting(first: length), of: self)
        input.moveReaderIndex(forwardBy: length)
        own.upload = isOver ? nil : upload
        if isOver {
            upload.connection?.isUploading = false
            // Its connections were left while it came.
            if own.longLane == nil { awaitAnswers() }
        } else if loop.pause(after: length, { [self] in release(.pace) }) {
            hold(.pace)
        }
    }
}
