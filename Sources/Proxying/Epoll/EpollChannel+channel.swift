// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Synchronization

extension EpollChannel: Channel {
    package var eventLoop: any EventLoop { loop }
    package var allocator: ByteBufferAllocator { ByteBufferAllocator() }
    package var closeFuture: EventLoopFuture<Void> { closePromise.futureResult }
    package var parent: (any Channel)? { nil }
    package var isWritable: Bool { writable.load(ordering: .relaxed) }
    package var isActive: Bool { active.load(ordering: .relaxed) }
    package var _channelCore: any ChannelCore { self }
    package var syncOptions: (any NIOSynchronousChannelOptions)? { EpollChannelOptions(channel: self) }

    /// Asked of the kernel each time, on the loop; nil elsewhere.
    package var localAddress: SocketAddress? {
        loop.inEventLoop && isOpen ? SocketAddress(boundTo: descriptor) : nil
    }

    package func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
        loop.submit { try EpollChannelOptions(channel: self).setOption(option, value: value) }
    }

    package func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
        let options = EpollChannelOptions(channel: self)
        if loop.inEventLoop { return loop.makeCompletedFuture { try options.getOption(option) } }
        let promise = loop.makePromise(of: Option.Value.self)
        loop.execute { promise.assumeIsolated().completeWith(Result { try options.getOption(option) }) }
        return promise.futureResult
    }
}

/// What the pipeline's head asks for.
extension EpollChannel: ChannelCore {
    package func localAddress0() throws -> SocketAddress {
        guard let address = localAddress else { throw ChannelError.unknownLocalAddress }
        return address
    }

    package func remoteAddress0() throws -> SocketAddress {
        guard let remoteAddress else { throw ChannelError.operationUnsupported }
        return remoteAddress
    }

    package func register0(promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }

    package func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    package func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    package func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isOpen else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        guard case .open = output else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        if let writeError {
            promise?.fail(writeError)
            return
        }
        guard case .byteBuffer(let bytes)? = tryUnwrapData(data, as: IOData.self) else {
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        add(bytes, promise)
    }

    package func flush0() {
        guard isOpen, let pending else { return }
        pending.flush()
        flushNow()
    }

    package func read0() {
        isReadAsked = true
        if isReadReady, mayRead { loop.resume(self) }
    }

    package func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard isOpen || mode == .all else {
            promise?.fail(ChannelError.alreadyClosed)
            return
        }
        switch mode {
        case .all: closeAll(error, promise)
        case .output: closeOutput(promise)
        case .input: closeInput(promise)
        }
    }

    package func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    package func channelRead0(_ data: NIOAny) {}
    package func errorCaught0(error: any Error) {}
}
