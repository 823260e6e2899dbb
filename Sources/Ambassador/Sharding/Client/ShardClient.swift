// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying
import Telemetry

/// One client's connection: bytes in, commands out to servers, replies back in the order of the commands.
///
/// Each protocol has a subclass that reads its commands. It stops reading while too much waits: commands for replies,
/// replies for the client, or bytes for a server; so what a client can make this process hold has a limit.
class ShardClient: TickTarget, ChannelInboundHandler, SocketReader {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let loop: PoolLoop
    private(set) var context: ChannelHandlerContext?
    // Safe: all are used on the loop's thread alone, and nothing that is called while one is being changed comes back
    // to this client; the checks took a twentieth of the time of a command.
    @exclusivity(unchecked) private var replies = ReplyQueue()
    @exclusivity(unchecked) private var output = ByteBuffer()
    /// What was read and isn't a whole command, or waits for a hold to end.
    @exclusivity(unchecked) private var input = ByteBuffer()
    private var holds: Hold = []
    @exclusivity(unchecked) private var socket = DirectSocket()
    private var isWritable = true
    /// No more commands are taken; the connection ends with the last reply.
    private(set) var isEnding = false
    private(set) var isClosed = false
    final var hearsWrites = false
    /// Nothing comes after what is in `input`.
    private var isInputOver = false
    /// The client has shut its side down.
    private var hasSaidAll = false
    /// Bytes have come or gone since idle clients were looked for.
    private var hasMoved = true
    private var idleSince: Int64 = 0
    private var unwrittenBefore = 0

    init(loop: PoolLoop) { self.loop = loop }

    // MARK: What a protocol adds

    /// Takes all commands that are whole, as long as `takesCommands`; what is left of `input` comes again with more.
    func receiveCommands(_ input: inout ByteBuffer) { preconditionFailure("Each protocol reads in a way of its own.") }

    /// The reply that says that a server didn't answer, in the protocol's form.
    func reply(to error: ShardError, of server: String) -> ByteBuffer {
        preconditionFailure("Each protocol says it in a way of its own.")
    }

    /// The reply to a client that is one too many.
    func surplusReply(limit: Int) -> ByteBuffer { preconditionFailure("Each protocol says it in a way of its own.") }

    /// The connection is gone; replies that still come are dropped.
    func closed() {}

    /// Every command has been answered.
    func answeredAll() {}

    /// What was due has been written, or the socket has begun or ceased to take bytes. Only while `hearsWrites`.
    func wrote() {}

    /// The pool's limits are others from now on.
    func limitsChanged() {}

    /// Whether something is still to come for what the client has said.
    var awaitsServers: Bool { !replies.isEmpty || holds.contains(.fault) }

    /// The client says no more.
    func inputEnded() { endAfterInput() }

    /// A reply that is too long for a connection that others use is on its way.
    func receivesLongReply() {}

    // MARK: Commands

    @inline(__always)
    final var takesCommands: Bool { holds.isEmpty && !isEnding }

    /// Commands that wait for their replies.
    final var waiting: Int { replies.count }

    /// A place for a command's reply.
    @inline(__always)
    final func expectReply() -> UInt32 {
        loop.clients.commands += 1
        let number = replies.add()
        if replies.count >= loop.limits.pipeline { holds.insert(.pipeline) }
        return number
    }

    /// A place for a reply in parts.
    final func expectReply(_ parts: FanOut) -> UInt32 {
        loop.clients.commands += 1
        loop.clients.split += 1
        loop.clients.fragments += UInt64(parts.outstanding)
        let number = replies.add(parts)
        if replies.count >= loop.limits.pipeline { holds.insert(.pipeline) }
        return number
    }

    /// Answers a command on the spot, after those before it.
    final func answer(_ reply: ByteBuffer) {
        let number = expectReply()
        receive(reply: number, part: 0, reply, .value)
    }

    /// Takes no more commands, and closes after the last reply.
    final func end() {
        isEnding = true
        loop.tick.mark(self)
    }

    /// Ends after the commands that are here whole, some of which may wait for a hold to end.
    final func endAfterInput() {
        if holds.isEmpty { return end() }
        isInputOver = true
        loop.tick.mark(self)
    }

    /// Says that there are clients enough, and closes.
    final func refuseAsSurplus(limit: Int) {
        loop.clients.refused += 1
        answer(surplusReply(limit: limit))
        end()
    }

    /// Takes no more commands until `release`.
    final func hold(_ reason: Hold) { holds.insert(reason) }

    final func release(_ reason: Hold) {
        guard holds.contains(reason) else { return }
        holds.remove(reason)
        loop.tick.mark(self)
    }

    /// The time, in nanoseconds, since which it has said nothing and taken nothing, as far as anybody has looked.
    final func idleSince(asOf now: Int64) -> Int64 {
        let unwritten = context?.unwrittenBytes ?? 0
        // Who takes its last replies has a patience of its own.
        if hasMoved || unwritten < unwrittenBefore || awaitsServers || isClosed { (hasMoved, idleSince) = (false, now) }
        unwrittenBefore = unwritten
        return idleSince
    }

    /// Closes a client that has said nothing for too long.
    final func closeAsIdle() {
        loop.clients.idle += 1
        close()
    }

    // MARK: Replies

    /// Takes the reply in the first `length` bytes of `bytes`.
    final func receive(
        reply number: UInt32, part: UInt16, from bytes: inout ByteBuffer, length: Int, kind: ReplyKind
    ) {
        guard !isClosed else { return bytes.moveReaderIndex(forwardBy: length) }
        if output.capacity == 0 { output = loop.outputs.take() }
        if replies.fill(number, part: part, from: &bytes, length: length, kind: kind, into: &output) {
            loop.tick.mark(self)
        }
        if replies.heldBytes + output.readableBytes > loop.limits.output.bytes { overflow() }
    }

    final func receive(reply number: UInt32, part: UInt16, _ reply: ByteBuffer, _ kind: ReplyKind) {
        var reply = reply
        receive(reply: number, part: part, from: &reply, length: reply.readableBytes, kind: kind)
    }

    final func fail(
        _ number: UInt32, part: UInt16, _ error: ShardError, of server: String,
        expecting expectation: ReplyShape = .any
    ) {
        guard !isClosed else { return }
        loop.clients.failed += 1
        // Half a reply can't be taken back. One that is made of parts may have errors in it.
        if replies.isMidReply(number) { return close() }
        receive(
            reply: number, part: part, reply(to: error, of: server), expectation.isSilent ? .hidden : .refusal)
    }

    /// Whether the command's reply may be written now, part by part.
    final func turn(of number: UInt32) -> ReplyQueue.Turn { replies.turn(of: number) }

    /// Takes a part of a reply that is next; the last part comes as a reply.
    final func receive(partOf number: UInt32, from bytes: inout ByteBuffer, length: Int) {
        guard !isClosed else { return bytes.moveReaderIndex(forwardBy: length) }
        replies.begin(number)
        push(&bytes, length: length)
    }

    /// Whether the first reply is there in part, so that nothing else may be written.
    final var isMidReply: Bool { replies.isMidReply }

    /// A reply of several parts, which is next, is written part by part.
    final func beginMidReply(_ number: UInt32) { replies.begin(number) }

    /// Whether the socket takes more, for whoever can wait until it does.
    final var takesBytes: Bool { isWritable && output.readableBytes <= Self.gatheredBytesMax }

    /// Bytes that are gathered in a tick before servers that can wait have to.
    private static let gatheredBytesMax = 256 << 10

    /// Bytes that answer no command (a push), after all replies that are there.
    final func push(_ bytes: inout ByteBuffer, length: Int) {
        guard !isClosed else { return bytes.moveReaderIndex(forwardBy: length) }
        if output.capacity == 0 { output = loop.outputs.take() }
        bytes.readBytes(length, into: &output)
        loop.tick.mark(self)
        if replies.heldBytes + output.readableBytes > loop.limits.output.bytes { overflow() }
    }

    /// Closes a client that doesn't read.
    final func overflow() {
        loop.clients.overOutput += 1
        loop.logger.emit(
            .clientOverOutput(pool: loop.name, client: remoteAddress, limit: loop.limits.output))
        close()
    }

    private var remoteAddress: String { context?.remoteAddress?.description ?? "unknown" }

    // MARK: The tick

    /// Writes the replies of this tick, and goes on reading where a reason not to is gone.
    final override func flush() {
        guard let context else { return }
        if isWritable, output.readableBytes > 0 { write(context) }
        if hearsWrites { wrote() }
        if replies.isEmpty {
            replies.forgetBegun()
            answeredAll()
        }
        if isEnding {
            if replies.isEmpty, output.readableBytes == 0, !isClosed { closeAfterWrites(context) }
            return
        }
        if holds.contains(.pipeline), replies.count <= loop.limits.pipeline / 2 { holds.remove(.pipeline) }
        guard holds.isEmpty else { return }
        if input.readableBytes > 0 { process() }
        if isInputOver, holds.isEmpty { return end() }
        updateReading()
    }

    private func write(_ context: ChannelHandlerContext) {
        let bytes = output
        output = ByteBuffer()
        hasMoved = true
        socket.write(bytes, context)
        loop.outputs.give(bytes)
    }

    /// The client isn't read from while what it said waits.
    private func updateReading() { socket.setReading(holds.isEmpty && !isEnding || isClosed, context) }

    private func process() {
        var bytes = input
        input = ByteBuffer()
        receiveCommands(&bytes)
        if bytes.readableBytes > 0, !isEnding { input = bytes }
    }

    /// Bytes of the command that is on its way that are still missing; room for some of them is made at once.
    final func reserve(_ missing: Int, in input: inout ByteBuffer) {
        if missing > Self.reservedBytesMin {
            input.reserveCapacity(minimumWritableBytes: min(missing, Self.reservedBytesMax))
        }
    }

    private static let reservedBytesMin = 16 << 10
    /// What a client only says that it will send doesn't get memory beyond this.
    private static let reservedBytesMax = 1 << 20

    // MARK: The connection

    final func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    final func channelActive(context: ChannelHandlerContext) {
        socket.open(context.channel, reader: self)
        context.fireChannelActive()
    }

    final func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received(&bytes)
    }

    final func received(_ bytes: inout ByteBuffer) {
        hasMoved = true
        guard !isEnding else { return }
        if input.readableBytes == 0, holds.isEmpty {
            receiveCommands(&bytes)
            // What isn't a whole command is copied: the buffer is for the next client.
            if bytes.readableBytes > 0, !isEnding { input.writeBuffer(&bytes) }
        } else {
            input.writeBuffer(&bytes)
            if holds.isEmpty { process() }
        }
        updateReading()
    }

    final func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable { release(.output) } else { hold(.output) }
        loop.tick.mark(self)
        context.fireChannelWritabilityChanged()
    }

    final func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            hasSaidAll = true
            if !isClosed { inputEnded() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    final func errorCaught(context: ChannelHandlerContext, error: any Error) {
        loop.clients.errors += 1
        close()
    }

    final func channelInactive(context: ChannelHandlerContext) {
        if !isClosed { loop.clients.ended += 1 }
        markClosed()
        context.fireChannelInactive()
    }

    final func handlerRemoved(context: ChannelHandlerContext) {
        markClosed()
        self.context = nil
    }

    /// Closes at once; what wasn't written is lost.
    final func close() {
        let context = context
        markClosed()
        context?.close(promise: nil)
    }

    /// Closes as a connection does that fails.
    final func reset() {
        let context = context
        markClosed()
        context?.reset()
    }

    private func closeAfterWrites(_ context: ChannelHandlerContext) {
        markClosed(isWritten: false)
        context.closeAfterWrites(lingering: hasSaidAll ? nil : Self.lingering) { [self] in loop.remove(self) }
        if !hasSaidAll { updateReading() }
    }

    /// How long a client is listened to that is told no more.
    private static let lingering = TimeAmount.seconds(1)

    /// - Parameter isWritten: false: it is there until the last replies have gone.
    private func markClosed(isWritten: Bool = true) {
        guard !isClosed else { return }
        isClosed = true
        isEnding = true
        if isWritten { loop.remove(self) }
        replies = ReplyQueue()
        output = ByteBuffer()
        input = ByteBuffer()
        closed()
    }
}
