// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Telemetry

/// One pipelined connection to one server, which all clients of a loop share.
///
/// Commands gather in one buffer and go out once per tick; replies come back in the same order and go to whoever waits
/// for them. It opens with the first command (or at the start), stays open, and is opened anew after a pause that grows
/// while the server can't be reached; until then commands are refused at once, with the reason.
final class ShardConnection: TickTarget {
    enum State {
        case idle
        case connecting
        case ready(ShardSocket)
        /// Not before then; why the last one ended.
        case pausing(until: NIODeadline, ShardError)
        case ended
    }

    let server: ShardServer
    let language: ReplyFraming.Language
    let loop: PoolLoop
    let opening: ShardOpening
    let counters: ServerCounters
    private(set) var state = State.idle
    // Safe: all four are used on the loop's thread alone, and nothing that is called while one is being changed comes
    // back to this connection; the checks took a twentieth of the time of a command.
    @exclusivity(unchecked) private var outgoing = ByteBuffer()
    @exclusivity(unchecked) private var inFlight = CircularBuffer<InFlight>(initialCapacity: 16)
    @exclusivity(unchecked) private var framing: ReplyFraming
    @exclusivity(unchecked) private var input = ByteBuffer()
    private var pause = ReconnectPause()
    private var timer: Scheduled<Void>?
    /// Nothing is sent any more, and what comes of it says nothing of the server.
    private var isRetired = false
    /// Clients that aren't read from until the server takes bytes again.
    private var held: [ShardClient] = []

    init(
        server: ShardServer, language: ReplyFraming.Language, opening: ShardOpening, loop: PoolLoop,
        counters: ServerCounters
    ) {
        self.language = language
        framing = ReplyFraming(language)
        self.server = server
        self.opening = opening
        self.loop = loop
        self.counters = counters
    }

    // MARK: Commands

    /// Takes a command's bytes. The client gets the server's reply, or an error that says why there is none.
    @inline(__always)
    func send(
        _ bytes: borrowing Span<UInt8>, of client: ShardClient, number: UInt32, part: UInt16 = 0,
        family: CommandFamily, command: UInt16 = 0, key: KeyBeginning = .none, expecting expectation: ReplyShape
    ) {
        guard isUsable(by: client, number, part) else { return }
        outgoing.writeBytes(bytes.bytes)
        inFlight.append(
            InFlight(
                client: client, number: number, part: part, label: CommandLabel(family, command: command, key: key), sentAt: loop.tick.now,
                expectation: expectation))
        counters.sum.requests += 1
        counters.sum.requestBytes += UInt64(bytes.count)
        loop.tick.mark(self)
        if outgoing.readableBytes > ShardLimits.outgoingBytesHigh { hold(client) }
    }

    @inline(__always)
    private func isUsable(by client: ShardClient, _ number: UInt32, _ part: UInt16) -> Bool {
        if case .ready = state, inFlight.count < loop.limits.queue { return true }
        return prepare(client, number, part)
    }

    /// Opens the connection if it is time to; false if the command has been refused.
    private func prepare(_ client: ShardClient, _ number: UInt32, _ part: UInt16) -> Bool {
        switch state {
        case .idle: connect()
        case .pausing(let until, let error):
            guard until <= loop.tick.now else { return refuse(client, number, part, error) }
            connect()
        case .ended: return refuse(client, number, part, .draining)
        case .connecting, .ready: break
        }
        guard inFlight.count < loop.limits.queue else {
            counters.sum.shed += 1
            return refuse(client, number, part, .overloaded(queue: inFlight.count))
        }
        return true
    }

    private func refuse(_ client: ShardClient, _ number: UInt32, _ part: UInt16, _ error: ShardError) -> Bool {
        client.fail(number, part: part, error, of: server.name)
        return false
    }

    private func hold(_ client: ShardClient) {
        client.hold(.server)
        held.append(client)
    }

    /// Writes the commands of this tick.
    override func flush() {
        guard case .ready(let socket) = state, socket.isWritable, outgoing.readableBytes > 0 else { return }
        socket.write(outgoing)
        if outgoing.capacity > ShardLimits.outgoingBytesKept {
            outgoing = ByteBuffer()
        } else {
            outgoing.clear()
        }
        releaseHeld()
        armTimer()
    }

    private func releaseHeld() {
        guard !held.isEmpty else { return }
        let clients = held
        held.removeAll()
        for client in clients { client.release(.server) }
    }

    /// Adds what waits here, to be written or to be answered.
    func addWaiting(to counters: inout ShardCounters) {
        counters.inFlight += inFlight.count
        counters.unsentBytes += outgoing.readableBytes
    }

    // MARK: Replies

    /// Gives each whole reply to whoever waits for it.
    fileprivate func receive(_ bytes: ByteBuffer) {
        var bytes = bytes
        if input.readableBytes > 0 {
            input.writeBuffer(&bytes)
            bytes = input
            input = ByteBuffer()
        }
        var problem: ShardError?
        counters.sum.replyBytes += UInt64(bytes.readableBytes)
        while bytes.readableBytes > 0, problem == nil {
            guard let next = inFlight.first else {
                problem = .garbage("it said something that nobody asked for")
                break
            }
            switch framing.scan(bytes.readableBytesUInt8Span, expecting: next.expectation) {
            case .complete(let length, .push): bytes.moveReaderIndex(forwardBy: length)
            case .complete(let length, let kind): problem = deliver(&bytes, length, kind)
            case .incomplete(let missing):
                if missing > ShardLimits.outgoingBytesHigh { bytes.reserveCapacity(minimumWritableBytes: ShardLimits.outgoingBytesHigh) }
                input = bytes
                return
            case .malformed(let text): problem = .garbage(text)
            }
        }
        if let problem { end(problem) }
        if isRetired, inFlight.isEmpty { close() }
    }

    /// Hands over the first reply; an error if the connection is of no use after it.
    @inline(__always)
    private func deliver(_ bytes: inout ByteBuffer, _ length: Int, _ kind: ReplyKind) -> ShardError? {
        let command = inFlight.removeFirst()
        guard let client = command.client else {
            // Safe: the scanner has seen so many bytes.
            return opened(bytes.readSlice(length: length)!, kind)
        }
        counters.sum.replies += 1
        if kind != .value { refused(kind) }
        if server.isSuspect, kind != .incapacity { server.answered() }
        let nanoseconds = (loop.tick.now - command.sentAt).nanoseconds
        loop.latency.record(command.label.family, nanoseconds: nanoseconds)
        if nanoseconds > loop.slowNanoseconds {
            loop.noteSlow(command.label, server: server.name, nanoseconds: nanoseconds, replyBytes: length)
        }
        client.receive(reply: command.number, part: command.part, from: &bytes, length: length, kind: kind)
        return nil
    }

    private func refused(_ kind: ReplyKind) {
        counters.sum.refusals += 1
        if kind == .incapacity { fail() }
    }

    /// A reply to what was said when the connection was opened.
    private func opened(_ reply: ByteBuffer, _ kind: ReplyKind) -> ShardError? {
        guard kind == .value else {
            return .session(String(buffer: reply).split(separator: "\r\n").first.map(String.init) ?? "")
        }
        let isLast = inFlight.first.map { $0.client != nil } ?? true
        if isLast, server.isSuspect { server.answered() }
        return nil
    }

    // MARK: Opening and ending

    /// Opens the connection ahead of the first command.
    func connectIfIdle() {
        if case .idle = state { connect() }
    }

    private func connect() {
        state = .connecting
        outgoing.writeImmutableBuffer(opening.bytes)
        for _ in 0..<opening.replies {
            inFlight.append(
                InFlight(
                    client: nil, number: 0, part: 0, label: .own, sentAt: loop.tick.now,
                    expectation: .any))
        }
        let socket = ShardSocket(self)
        server.connect(on: loop.eventLoop, handler: socket) { [self] result in
            switch result {
            case .success: connected(socket)
            case .failure(let error): end(error)
            }
        }
    }

    private func connected(_ socket: ShardSocket) {
        guard case .connecting = state, socket.isOpen else { return socket.close() }
        state = .ready(socket)
        counters.sum.connections += 1
        pause.reset()
        loop.tick.mark(self)
    }

    /// Ends the connection. Every command that waits on it fails, once; the next command opens a new one, after a pause
    /// if the server is to blame.
    fileprivate func end(_ error: ShardError) {
        let failed = inFlight
        let wasReady: Bool
        switch state {
        case .ready(let socket):
            wasReady = true
            counters.sum.connections -= 1
            socket.close()
        case .connecting: wasReady = false
        case .idle, .pausing, .ended: return
        }
        count(error)
        reset()
        // A server that closes an idle connection (Redis' `timeout`) has done nothing wrong.
        if error == .closed, failed.isEmpty, wasReady {
            state = .idle
        } else {
            state = .pausing(until: loop.tick.now + pause.next(), error)
            if error.isFailure { fail() }
            loop.logger.emit(
                .shardFailed(pool: loop.name, server: server.name, address: server.addressText, reason: error.reason,
                    commands: failed.count))
        }
        for command in failed {
            command.client?.fail(command.number, part: command.part, error, of: server.name)
        }
    }

    private func reset() {
        inFlight.removeAll(keepingCapacity: true)
        outgoing = ByteBuffer()
        input = ByteBuffer()
        framing = ReplyFraming(language)
        timer?.cancel()
        timer = nil
        releaseHeld()
    }

    private func count(_ error: ShardError) {
        switch error {
        case .closed: counters.sum.closes += 1
        case .timeout: counters.sum.timeouts += 1
        default: counters.sum.errors += 1
        }
    }

    /// Closes at once.
    func close() {
        end(.draining)
        state = .ended
    }

    /// Takes no more commands, and closes when those that it has are answered.
    func retire() {
        isRetired = true
        if inFlight.isEmpty { close() }
    }

    /// Forgets the pause before the next attempt.
    func resume() {
        guard case .pausing = state else { return }
        pause.reset()
        state = .idle
    }

    /// Whether it needn't be replaced when its server is found at `addresses` alone: nothing is open, or one of them.
    func leads(to addresses: Set<String>) -> Bool {
        switch state {
        case .ready(let socket): socket.remoteAddress.map { addresses.contains($0) } ?? true
        case .idle, .ended: true
        // What was tried may be the address that is no more.
        case .connecting, .pausing: false
        }
    }

    private func fail() {
        if !isRetired { server.failed() }
    }

    // MARK: Time

    /// One timer for all commands: it is set for the oldest, and looks again when it fires.
    private func armTimer() {
        guard timer == nil, server.timeout > .zero, let oldest = inFlight.first else { return }
        timer = loop.eventLoop.assumeIsolated().scheduleTask(deadline: oldest.sentAt + server.timeout) {
            self.timerFired()
        }
    }

    private func timerFired() {
        timer = nil
        guard let oldest = inFlight.first else { return }
        guard oldest.sentAt + server.timeout <= loop.tick.now else { return armTimer() }
        end(.timeout)
    }

    fileprivate func writabilityChanged() { loop.tick.mark(self) }
}

/// One socket of a `ShardConnection`. Each new connection has a new one, so that late events of an old one reach nobody.
final class ShardSocket: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var connection: ShardConnection?
    private var context: ChannelHandlerContext?
    private(set) var isWritable = true

    init(_ connection: ShardConnection) { self.connection = connection }

    var isOpen: Bool { context != nil }

    /// The IP address of the server.
    var remoteAddress: String? { context?.remoteAddress?.ipAddress }

    func write(_ bytes: ByteBuffer) { context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }

    /// Closes; the connection hears no more of this socket.
    func close() {
        connection = nil
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { connection?.receive(unwrapInboundIn(data)) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable { connection?.writabilityChanged() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection?.end(.closed)
        connection = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection?.end(.reset(ShardServer.text(of: error)))
        connection = nil
        context.close(promise: nil)
    }
}
