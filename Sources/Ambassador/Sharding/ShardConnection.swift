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
    enum State {
        case idle
        case connecting
        case ready(ShardSocket)
        /// Not before then; why the last one ended.
        case pausing(until: NIODeadline, ShardError)
        case ended
    }

    final let server: ShardServer
    final let language: ReplyFraming.Language
    final let loop: PoolLoop
    final let opening: ShardOpening
    final let counters: ServerCounters
    final private(set) var state = State.idle
    /// What may come without being asked for; nil where nothing may.
    final var unasked: ReplyShape?
    /// While it is true no command is late: it blocks, or its client is what it waits for.
    final var isPatient = false {
        didSet {
            guard oldValue, !isPatient else { return }
            restartClock()
            armTimer()
        }
    }
    // Safe: all four are used on the loop's thread alone, and nothing that is called while one is being changed comes
    // back to this connection; the checks took a twentieth of the time of a command.
    @exclusivity(unchecked) private var outgoing = ByteBuffer()
    @exclusivity(unchecked) private var inFlight = CircularBuffer<InFlight>(initialCapacity: 16)
    @exclusivity(unchecked) final var framing: ReplyFraming
    @exclusivity(unchecked) private var input = ByteBuffer()
    private var pause = ReconnectPause()
    private var timer: Scheduled<Void>?
    /// Nothing is sent any more, and what comes of it says nothing of the server.
    private var isRetired = false
    /// From then on the server's time is measured, if commands are older.
    private var clockStart = NIODeadline.uptimeNanoseconds(0)
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

    // MARK: What a connection of one client's own adds

    /// Why it can't be opened, for reasons of ours.
    func mayOpen() -> ShardError? { nil }

    /// Takes what the server says of its own accord, the first `length` bytes.
    func receivePush(_ bytes: inout ByteBuffer, length: Int) { bytes.moveReaderIndex(forwardBy: length) }

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
        outgoing.writeBytes(bytes.bytes)
        counters.sum.requestBytes += UInt64(bytes.count)
        loop.tick.mark(self)
        if outgoing.readableBytes > ShardLimits.outgoingBytesHigh { hold(client) }
    }

    /// Takes commands of the proxy's own; their replies are dropped. The connection is open, or opens.
    final func sendUnanswered(_ bytes: ByteBuffer, commands: Int) {
        outgoing.writeImmutableBuffer(bytes)
        for _ in 0..<commands { expect(InFlight.ignored, .any) }
        loop.tick.mark(self)
    }

    private func expect(_ number: UInt32, _ expectation: ReplyShape) {
        inFlight.append(
            InFlight(
                client: nil, number: number, part: 0, label: .own, sentAt: loop.tick.now, expectation: expectation))
    }

    /// Whether it is open and no client waits for a reply on it.
    final var isClean: Bool {
        guard case .ready = state else { return false }
        return inFlight.allSatisfy { $0.client == nil }
    }

    /// Measures the time that the server takes from now on, for the commands that it has: it has shown that it works.
    final func restartClock() { clockStart = loop.tick.now }

    /// Has the server wait, or not, before it can say more.
    final var isReading: Bool {
        get { if case .ready(let socket) = state { socket.isReading } else { true } }
        set { if case .ready(let socket) = state, socket.isReading != newValue { socket.isReading = newValue } }
    }

    @inline(__always)
    private func isUsable(
        by client: ShardClient, _ number: UInt32, _ part: UInt16, _ expectation: ReplyShape
    ) -> Bool {
        if case .ready = state, inFlight.count < loop.limits.queue { return true }
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
        switch state {
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

    private func hold(_ client: ShardClient) {
        client.hold(.server)
        held.append(client)
    }

    /// Writes the commands of this tick.
    final override func flush() {
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

    /// Whether there is hope for a command: it is open, or hasn't failed lately.
    final var isReachable: Bool {
        switch state {
        case .idle, .connecting, .ready: true
        case .pausing, .ended: false
        }
    }

    /// Adds what waits here, to be written or to be answered.
    final func addWaiting(to counters: inout ShardCounters) {
        counters.inFlight += inFlight.count
        counters.unsentBytes += outgoing.readableBytes
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
                if case .ready = state { input = bytes }
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
        guard let command = inFlight.popFirst() else { return Self.surplus }
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
    final func connectIfIdle() {
        if case .idle = state { connect() }
    }

    private func connect() {
        state = .connecting
        outgoing.writeImmutableBuffer(opening.bytes)
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
        guard case .connecting = state, socket.isOpen else { return socket.close() }
        state = .ready(socket)
        counters.sum.connections += 1
        pause.reset()
        loop.tick.mark(self)
    }

    /// Ends the connection. Every command that waits on it fails, once; the next command opens a new one, after a pause
    /// if the server is to blame.
    final func end(_ error: ShardError) {
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
        if !error.isFailure || error == .closed && failed.isEmpty && wasReady {
            // A server that closes an idle connection (Redis' `timeout`) has done nothing wrong.
            state = .idle
        } else {
            state = .pausing(until: loop.tick.now + pause.next(), error)
            if error.isFailure { report(error, commands: failed.count) }
        }
        for command in failed {
            command.client?.fail(
                command.number, part: command.part, error, of: server.name, expecting: command.expectation)
        }
        ended(error)
    }

    /// The server is to blame.
    private func report(_ error: ShardError, commands: Int) {
        fail()
        loop.logger.emit(
            .shardFailed(
                pool: loop.name, server: server.name, address: server.addressText, reason: error.reason,
                commands: commands))
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
        case .draining, .abandoned: break
        default: counters.sum.errors += 1
        }
    }

    /// Closes at once.
    final func close() {
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
        guard timer == nil, !isPatient, server.timeout > .zero, let oldest = inFlight.first else { return }
        timer = loop.eventLoop.assumeIsolated().scheduleTask(deadline: deadline(of: oldest)) {
            self.timerFired()
        }
    }

    private func timerFired() {
        timer = nil
        guard !isPatient, let oldest = inFlight.first else { return }
        guard deadline(of: oldest) <= loop.tick.now else { return armTimer() }
        end(.timeout)
    }

    private func deadline(of command: InFlight) -> NIODeadline { max(command.sentAt, clockStart) + server.timeout }

    final func writabilityChanged() { loop.tick.mark(self) }
}
