// SPDX-License-Identifier: Apache-2.0

import CEpoll
import Glibc
package import NIOCore
import Synchronization

/// A connection of an `EpollEventLoop`: a `Channel` of NIO's, with its pipeline of handlers, and a shorter way to the
/// socket for those that need no pipeline (`SocketReader`, `send`). It is connected when it is made.
///
/// Reading is here; `+writing` has what goes out, `+end` how it ends, `+channel` what NIO asks of a channel.
// Safe: but for what is constant and the two atomics, all belongs to the loop's thread; nothing is called while one of
// them changes.
package final class EpollChannel: EpollHandle, @unchecked Sendable {
    let closePromise: EventLoopPromise<Void>
    /// Set once, before anybody else knows this channel.
    @exclusivity(unchecked) private var madePipeline: ChannelPipeline?
    package let remoteAddress: SocketAddress?
    let active = Atomic(false)
    let writable = Atomic(true)

    /// Who gets what is read; nil: the pipeline.
    @exclusivity(unchecked) var reader: (any SocketReader)?
    /// While it is false nothing is read, and in the end the other side waits: what it says before it ends, too, unless
    /// `hearsEndAtOnce`.
    @exclusivity(unchecked) package var isReading = true {
        didSet { if isReading, isReadReady { loop.resume(self) } }
    }
    var hearsEndAtOnce: Bool
    /// A handler changes what is read and written (TLS), so that none may be passed by.
    package var changesBytes = false
    @exclusivity(unchecked) var isOpen = true
    /// There may be something to read.
    @exclusivity(unchecked) var isReadReady = false
    /// After what is to be read there is an end or an error.
    @exclusivity(unchecked) var isEndReady = false
    /// A handler has asked for the next read.
    @exclusivity(unchecked) var isReadAsked = false
    @exclusivity(unchecked) var isInputOver = false
    @exclusivity(unchecked) var pending: PendingWrites?
    var allowsHalfClosure: Bool
    var unwrittenBytesMax: Int
    /// The channel is writable again when so little waits.
    var unwrittenBytesMin: Int { unwrittenBytesMax / 4 }
    var readsOnItsOwn = true
    var isFlushing = false
    var output = Output.open
    /// What the socket said when it was written to.
    var writeError: IOError?

    enum Output {
        case open
        /// Ends after what is to be written.
        case ending([EventLoopPromise<Void>])
        case over
    }

    init(_ loop: EpollEventLoop, descriptor: Int32, to address: SocketAddress?, _ settings: SocketSettings) {
        closePromise = loop.makePromise()
        remoteAddress = address
        hearsEndAtOnce = settings.hearsEndAtOnce
        allowsHalfClosure = settings.allowsHalfClosure
        unwrittenBytesMax = settings.unwrittenBytesMax
        super.init(loop, descriptor: descriptor)
        madePipeline = ChannelPipeline(channel: self)
    }

    deinit { assert(!isOpen, "An open channel was forgotten.") }

    /// Begins: `prepare` puts the handlers in, who are told that the connection is active.
    ///
    /// - Parameter events: nil if the loop doesn't watch the socket yet.
    /// - Throws: what `prepare` throws, or the loop: then the channel is closed.
    func begin(_ events: EpollEvents? = nil, _ prepare: (EpollChannel) throws -> Void) throws {
        do {
            try prepare(self)
            if events == nil { try loop.watch(self) }
        } catch {
            closeAll(error, nil)
            throw error
        }
        guard isOpen else { return }
        active.store(true, ordering: .relaxed)
        pipeline.fireChannelRegistered()
        pipeline.fireChannelActive()
        if isOpen, readsOnItsOwn, reader == nil, !isReadAsked { pipeline.read() }
        if let events, isOpen { ready(events) }
    }

    // Safe: `init` has made it.
    package var pipeline: ChannelPipeline { madePipeline! }

    func setReadsOnItsOwn(_ value: Bool) {
        readsOnItsOwn = value
        if value, isActive, reader == nil, !isReadAsked { pipeline.read() }
    }

    // MARK: - Reading

    /// Has what is read go to `reader` from now on, past all handlers.
    package func read(into reader: any SocketReader) {
        self.reader = reader
        // What came while nobody asked for it isn't told again.
        if isReadReady, mayRead { loop.resume(self) }
    }

    var mayRead: Bool {
        isOpen && !isInputOver && (isEndReady && hearsEndAtOnce || isReading && (reader != nil || isReadAsked))
    }

    override func ready(_ events: EpollEvents) {
        if let pending, events.contains(.writable), pending.hasFlushed { flushNow() }
        guard !events.isDisjoint(with: .readings), isOpen else { return }
        isReadReady = true
        if !events.isDisjoint(with: .endings) { isEndReady = true }
        if mayRead { readOnce() } else if events.contains(.failed) { failUnread() }
    }

    override func resume() {
        if mayRead, isReadReady { readOnce() } else if let writeError, isOpen { fail(writeError) }
    }

    /// Reads what is there, or as much of it as the others have the patience for.
    @inline(__always)
    private func readOnce() {
        var buffer = loop.takeBuffer()
        var count = 0
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: EpollEventLoop.readSize) { bytes in
            count = cepoll_receive(descriptor, bytes.baseAddress, EpollEventLoop.readSize)
            return max(0, count)
        }
        if count <= 0 {
            let code = errno
            loop.giveBuffer(buffer)
            return count == 0 ? readEnd() : readFailed(code)
        }
        // A socket that has given less has no more, unless it has ended: that isn't told again.
        if count < EpollEventLoop.readSize, !isEndReady { isReadReady = false }
        if let reader { reader.received(&buffer) } else { passOn(buffer) }
        loop.giveBuffer(buffer)
        if isReadReady, mayRead { loop.resume(self) }
    }

    /// A handler may keep what it is given. So that it keeps no more memory than the other side has sent bytes, few
    /// bytes are copied.
    private func passOn(_ buffer: ByteBuffer) {
        isReadAsked = false
        let isLarge = buffer.readableBytes >= EpollEventLoop.readSize / 4
        pipeline.syncOperations.fireChannelRead(NIOAny(isLarge ? buffer : Self.copy(buffer)))
        // Who has closed it hears no more of it.
        guard isOpen else { return }
        pipeline.syncOperations.fireChannelReadComplete()
        if isOpen, readsOnItsOwn, !isReadAsked { pipeline.syncOperations.read() }
    }

    private static func copy(_ buffer: ByteBuffer) -> ByteBuffer {
        var copy = ByteBufferAllocator().buffer(capacity: buffer.readableBytes)
        copy.writeImmutableBuffer(buffer)
        return copy
    }

    private func readFailed(_ code: Int32) {
        guard code == EAGAIN else { return fail(IOError(errnoCode: code, reason: "recvfrom")) }
        isReadReady = false
        if let writeError { fail(writeError) }
    }

    private func readEnd() {
        isReadReady = false
        if let writeError { return fail(writeError) }
        guard allowsHalfClosure else { return closeAll(ChannelError.eof, nil) }
        isInputOver = true
        if case .over = output { return closeAll(ChannelError.eof, nil) }
        pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// The connection has failed while nobody reads from it.
    private func failUnread() {
        let code = SocketSettings.takeError(descriptor)
        fail(IOError(errnoCode: code == 0 ? ECONNRESET : code, reason: "epoll_wait"))
    }

    private func fail(_ error: IOError) {
        pipeline.fireErrorCaught(error)
        closeAll(error, nil)
    }

    // MARK: - The end

    override func loopEnds() { closeAll(EventLoopError.shutdown, nil) }
}
