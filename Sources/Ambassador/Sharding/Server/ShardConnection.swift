// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Telemetry

/// One pipelined connection to one server, which all clients of a loop share, or which one client has for itself
/// (`OwnConnection`).
///
/// Commands gather in one buffer and go out once per tick; replies come back in the same order and go to whoever waits
/// for them. It opens with the first command (or at the start), stays open, and is opened anew after a pause that grows
/// while the server can't be reached; until then commands are refused at once, with the reason.
class ShardConnection: TickTarget {
    final let server: ShardServer
    final let language: ReplyFraming.Language
    final let loop: PoolLoop
    final let opening: ShardOpening
    final let counters: ServerCounters
    /// What may come without being asked for; nil where nothing may.
    final var unasked: ReplyShape?
    // Safe: all of these are used on the loop's thread alone, and nothing that is called while one is being changed
    // comes back to this connection; the checks took a twentieth of the time of a command.
    @exclusivity(unchecked) private var state = ShardConnectionState()
    @exclusivity(unchecked) private var output = ShardOutput()
    @exclusivity(unchecked) private var clock = ReplyClock()
    @exclusivity(unchecked) private var inFlight = CircularBuffer<InFlight>(initialCapacity: 16)
    @exclusivity(unchecked) final var framing: ReplyFraming
    @exclusivity(unchecked) private var input = ByteBuffer()
    /// Nothing is sent any more, and what comes of it says nothing of the server.
    private var isRetired = false

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

    // MARK: What a connection of one client's own adds

    /// Why it can't be opened, for reasons of ours.
    func mayOpen() -> ShardError? { nil }

    /// Takes what the server says of its own accord, the first `length` bytes.
    func receivePush(_ bytes: inout ByteBuffer, length: Int) { bytes.moveReaderIndex(forwardBy: length) }

    /// Takes the server's refusal of what isn't answered otherwise; false if there was no such thing.
    func receiveRefusal(_ reply: ByteBuffer, _ kind: ReplyKind) -> Bool { false }

    /// Sees the beginning of a reply, and may take what `framing` can do without.
    func receivePart(_ bytes: inout ByteBuffer, of command: InFlight?, missing: Int) {
        if bytes.readableBytes + missing > loop.limits.shared.bytes { command?.client?.receivesLongReply() }
        if missing > Self.reservedBytesMax { bytes.reserveCapacity(minimumWritableBytes: Self.reservedBytesMax) }
    }

    /// It has ended, and what was on it has failed.
    func ended(_ error: ShardError) {}

    /// Room that is made at once for a reply of which a part is here.
    private static let reservedBytesMax = 1 << 20

    // MARK: Commands

    /// Takes a command's bytes, but for those in `gap`. The client gets the server's reply, or an error that says why
    /// there is none.
    @inline(__always)
    final func send(
        _ bytes: borrowing Span<UInt8>, leavingOut gap: Range<Int> = 0..<0, of client: ShardClient, number: UInt32,
        part: UInt16 = 0, family: CommandFamily, command: UInt16 = 0, key: KeyBeginning = .none,
        expecting expectation: ReplyShape
    ) {
        guard isUsable(by: client, number, part, expectation) else { return }
        inFlight.append(
            InFlight(
                client: client, number: number, part: part, label: CommandLabel(family, command: command, key: key),
                sentAt: loop.tick.now, expectation: expectation))
        counters.sum.requests += 1
        if gap.isEmpty { return send(part: bytes, of: client) }
        send(part: bytes.extracting(0..<gap.lowerBound), of: client)
        send(part: bytes.extracting(gap.upperBound..<bytes.count), of: client)
    }

    /// Takes more bytes of the command that was sent last.
    @inline(__always)
    final func send(part bytes: borrowing Span<UInt8>, of client: ShardClient) {
        output.append(bytes, of: client)
        counters.sum.requestBytes += UInt64(bytes.count)
        loop.tick.mark(self)
    }

    /// Takes commands of the proxy's own; their replies are dropped. The connection is open, or opens.
    final func sendUnanswered(_ bytes: ByteBuffer, commands: Int) {
        output.append(bytes)
        for _ in 0..<commands { expect(InFlight.ignored, .any) }
        loop.tick.mark(self)
    }

    private func expect(_ number: UInt32, _ expectation: ReplyShape) {
        inFlight.append(
            InFlight(
                client: nil, number: number, part: 0, label: .own, sentAt: loop.tick.now, expectation: expectation))
    }

    /// Whether it is open and no client waits for a reply on it.
    final var isClean: Bool { state.isReady && inFlight.allSatisfy { $0.client == nil } }

    final var isReady: Bool { state.isReady }

    /// Whether there is hope for a command: it is open, or hasn't failed lately.
    final var isReachable: Bool { state.isReachable }

    /// Has the server wait, or not, before it can say more.
    final var isReading: Bool {
        get { state.socket?.isReading ?? true }
        set { if let socket = state.socket, socket.isReading != newValue { socket.isReading = newValue } }
    }

    @inline(__always)
    private func isUsable(
        by client: ShardClient, _ number: UInt32, _ part: UInt16, _ expectation: ReplyShape
    ) -> Bool {
        if state.isReady, inFlight.count < loop.limits.queue { return true }
        return prepare(client, number, part, expectation)
    }

    private func prepare(
        _ client: ShardClient, _ number: UInt32, _ part: UInt16, _ expectation: ReplyShape
    ) -> Bool {
        guard let error = open() else { return true }
        client.fail(number, part: part, error, of: server.name, expecting: expectation)
        return false
    }

    /// Opens the connection if it is time to; why it takes no command, if it doesn't.
    final func open() -> ShardError? {
        switch state.phase {
        case .pausing(let until, let error) where until > loop.tick.now: return error
        case .idle, .pausing:
            if let error = mayOpen() { return error }
            connect()
        case .ended: return .draining
        case .connecting, .ready: break
        }
        guard inFlight.count >= loop.limits.queue else { return nil }
        counters.sum.shed += 1
        return .overloaded(queue: inFlight.count)
    }

    /// Writes the commands of this tick.
    final override func flush() {
        guard let socket = state.socket, socket.isWritable, !output.isEmpty else { return }
        socket.write(output.bytes)
        output.written()
        armTimer()
    }

    /// Adds what waits here, to be written or to be answered.
    final func addWaiting(to counters: inout ShardCounters) {
        counters.inFlight += inFlight.count
        counters.unsentBytes += output.bytes.readableBytes
    }

    // MARK: Replies

    /// Gives each whole reply to whoever waits for it.
    final func receive(_ bytes: ByteBuffer) {
        var bytes = bytes
        if input.readableBytes > 0 {
            input.writeBuffer(&bytes)
            bytes = input
            input = ByteBuffer()
        }
        var problem: ShardError?
        counters.sum.replyBytes += UInt64(bytes.readableBytes)
        while bytes.readableBytes > 0, problem == nil {
            guard let expectation = inFlight.first?.expectation ?? unasked else {
                problem = Self.surplus
                break
            }
            switch framing.scan(bytes.readableBytesUInt8Span, expecting: expectation) {
            case .complete(let length, .push): receivePush(&bytes, length: length)
            case .complete(let length, let kind): problem = deliver(&bytes, length, kind)
            case .incomplete(let missing):
                receivePart(&bytes, of: inFlight.first, missing: missing)
                // Whoever takes parts may have ended the connection.
                if state.isReady { input = bytes }
                return
            case .malformed(let text): problem = .garbage(text)
            }
        }
        if let problem { end(problem) }
        if isRetired, inFlight.isEmpty { close() }
    }

    private static let surplus = ShardError.garbage("it said something that nobody asked for")

    /// Hands over the first reply; an error if the connection is of no use after it.
    @inline(__always)
    private func deliver(_ bytes: inout ByteBuffer, _ length: Int, _ kind: ReplyKind) -> ShardError? {
        guard let command = inFlight.popFirst() else { return takeUnasked(&bytes, length, kind) }
        guard let client = command.client else {
            // Safe: the scanner has seen so many bytes.
            let reply = bytes.readSlice(length: length)!
            return command.number == InFlight.ignored ? nil : opened(reply, kind)
        }
        counters.sum.replies += 1
        if kind == .refusal || kind == .incapacity { refused(kind) }
        if server.isSuspect, kind != .incapacity { server.answered() }
        let nanoseconds = (loop.tick.now - command.sentAt).nanoseconds
        loop.latency.record(command.label.family, nanoseconds: nanoseconds)
        if nanoseconds > loop.slowNanoseconds {
            loop.noteSlow(command.label, server: server.name, nanoseconds: nanoseconds, replyBytes: length)
        }
        client.receive(reply: command.number, part: command.part, from: &bytes, length: length, kind: kind)
        return nil
    }

    /// A reply to no command, which may be the refusal of something that has none.
    private func takeUnasked(_ bytes: inout ByteBuffer, _ length: Int, _ kind: ReplyKind) -> ShardError? {
        // Safe: the scanner has seen so many bytes.
        let reply = bytes.readSlice(length: length)!
        guard kind == .refusal || kind == .incapacity, receiveRefusal(reply, kind) else { return Self.surplus }
        refused(kind)
        return nil
    }

    private func refused(_ kind: ReplyKind) {
        counters.sum.refusals += 1
        if kind == .incapacity { fail() }
    }

    /// A reply to what was said when the connection was opened.
    private func opened(_ reply: ByteBuffer, _ kind: ReplyKind) -> ShardError? {
        guard kind == .value else { return .session(reply.firstLine) }
        let isLast = inFlight.first.map { $0.client != nil } ?? true
        if isLast, server.isSuspect { server.answered() }
        return nil
    }

    // MARK: Opening and ending

    /// Opens the connection ahead of the first command.
    final func connectIfIdle() {
        if case .idle = state.phase { connect() }
    }

    private func connect() {
        state.began()
        output.append(opening.bytes)
        for _ in 0..<opening.replies { expect(InFlight.opening, opening.expectation) }
        let socket = ShardSocket(self)
        server.connect(on: loop.eventLoop, handler: socket) { [self] result in
            switch result {
            case .success: connected(socket)
            case .failure(let error): end(error)
            }
        }
    }

    private func connected(_ socket: ShardSocket) {
        guard state.isConnecting, socket.isOpen else { return socket.close() }
        state.opened(socket)
        counters.sum.connections += 1
        loop.tick.mark(self)
    }

    /// Ends the connection. Every command that waits on it fails, once; the next command opens a new one, after a pause
    /// if the server is to blame.
    final func end(_ error: ShardError) {
        let socket = state.socket
        guard socket != nil || state.isConnecting else { return }
        let failed = inFlight
        if let socket {
            counters.sum.connections -= 1
            socket.close()
        }
        counters.sum.count(error)
        reset()
        // A server that closes an idle connection (Redis' `timeout`) has done nothing wrong.
        if !error.isFailure || error == .closed && failed.isEmpty && socket != nil {
            state.ended()
        } else {
            state.failed(error, at: loop.tick.now)
            report(error, commands: failed.count)
        }
        for command in failed {
            command.client?.fail(
                command.number, part: command.part, error, of: server.name, expecting: command.expectation)
        }
        ended(error)
    }

    private func report(_ error: ShardError, commands: Int) {
        if case .session = error, opening.isWished {} else { fail() }
        loop.logger.emit(
            .shardFailed(
                pool: loop.name, server: server.name, address: server.addressText, reason: error.reason,
                commands: commands))
    }

    private func reset() {
        inFlight.removeAll(keepingCapacity: true)
        output.drop()
        input = ByteBuffer()
        framing = ReplyFraming(language)
        clock.cancelTimer()
    }

    /// Closes at once.
    final func close() {
        end(.draining)
        state.closed()
    }

    /// Takes no more commands, and closes when those that it has are answered.
    func retire() {
        isRetired = true
        if inFlight.isEmpty { close() }
    }

    /// Forgets the pause before the next attempt.
    func resume() { state.resume() }

    /// Whether it needn't be replaced when its server is found at `addresses` alone.
    func leads(to addresses: Set<String>) -> Bool { state.leads(to: addresses) }

    private func fail() {
        if !isRetired { server.failed() }
    }

    // MARK: Time

    /// While it is true no command is late: it blocks, or its client is what it waits for.
    final var isPatient: Bool {
        get { clock.isPatient }
        set {
            let wasPatient = clock.isPatient
            clock.isPatient = newValue
            guard wasPatient, !newValue else { return }
            restartClock()
            armTimer()
        }
    }

    /// Measures the time that the server takes from now on, for the commands that it has: it has shown that it works.
    final func restartClock() { clock.restart(at: loop.tick.now) }

    private func armTimer() {
        guard !clock.isTimerSet, let deadline = oldestDeadline else { return }
        clock.set(loop.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() })
    }

    private func timerFired() {
        clock.fired()
        guard let deadline = oldestDeadline else { return }
        if deadline <= loop.tick.now { end(.timeout) } else { armTimer() }
    }

    private var oldestDeadline: NIODeadline? {
        inFlight.first.flatMap { clock.deadline(of: $0, within: server.timeout) }
    }

    final func writabilityChanged() { loop.tick.mark(self) }
}
