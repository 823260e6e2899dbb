// SPDX-License-Identifier: Apache-2.0

import CEpoll
import Glibc
package import NIOCore
import Synchronization

extension EpollChannel {
    /// Writes all of `bytes` at once or, behind what waits already, as soon as the socket takes them.
    ///
    /// Only for the handler that is nearest to the socket: none before it sees them.
    package func send(_ bytes: ByteBuffer) {
        guard isOpen, writeError == nil, case .open = output else { return }
        if let pending {
            let isWaiting = pending.hasFlushed
            sendLater(bytes, from: 0)
            // Where nothing waits for the socket but for a flush, the loop has nothing to tell.
            if !isWaiting { flushNow() }
            return
        }
        let count = sendNow(bytes)
        if count == bytes.readableBytes { return }
        guard count >= 0 || errno == EAGAIN else { return writeFailed(errno) }
        sendLater(bytes, from: max(0, count))
    }

    @inline(__always)
    private func sendNow(_ bytes: ByteBuffer) -> Int {
        bytes.withUnsafeReadableBytes { cepoll_send(descriptor, $0.baseAddress, $0.count) }
    }

    private func sendLater(_ bytes: ByteBuffer, from start: Int) {
        var rest = bytes
        rest.moveReaderIndex(forwardBy: start)
        add(rest, nil)
        pending?.flush()
    }

    func add(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>?) {
        let pending = pending ?? PendingWrites()
        self.pending = pending
        pending.append(bytes, promise)
        guard pending.byteCount > unwrittenBytesMax, isWritable else { return }
        writable.store(false, ordering: .relaxed)
        pipeline.fireChannelWritabilityChanged()
    }

    func flushNow() {
        guard !isFlushing, writeError == nil else { return }
        isFlushing = true
        while isOpen, let pending, pending.hasFlushed {
            let bytes = pending.next()
            let count = bytes.readableBytes == 0 ? 0 : sendNow(bytes)
            guard count >= 0 else {
                if errno != EAGAIN { writeFailed(errno) }
                break
            }
            let written = pending.took(count)
            if pending.isEmpty { self.pending = nil }
            for promise in written { promise.succeed() }
            // The loop is told when the socket takes more.
            if count < bytes.readableBytes { break }
        }
        isFlushing = false
        wroteSome()
    }

    func wroteSome() {
        guard isOpen else { return }
        if !isWritable, pending.map({ $0.byteCount <= unwrittenBytesMin }) ?? true {
            writable.store(true, ordering: .relaxed)
            pipeline.fireChannelWritabilityChanged()
        }
        if pending == nil, case .ending(let promises) = output { endOutput(promises) }
    }

    /// What the other side has said before may still be read: it may be why it takes no more.
    private func writeFailed(_ code: Int32) {
        writeError = IOError(errnoCode: code, reason: "sendto")
        (isReadReady, isEndReady) = (true, true)
        loop.resume(self)
    }

    private func endOutput(_ promises: [EventLoopPromise<Void>]) {
        output = .over
        guard !isInputOver else {
            closeAll(ChannelError.outputClosed, nil)
            return promises.forEach { $0.succeed() }
        }
        shutdown(descriptor, Int32(SHUT_WR))
        for promise in promises { promise.succeed() }
        if isOpen { pipeline.fireUserInboundEventTriggered(ChannelEvent.outputClosed) }
    }
}
