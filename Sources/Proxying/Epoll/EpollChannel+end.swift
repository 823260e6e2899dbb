// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Synchronization

extension EpollChannel {
    /// Has the other side learn of an error when this is closed, not of an end (RST).
    package func resetWhenClosed() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }

    func closeAll(_ error: any Error, _ promise: EventLoopPromise<Void>?) {
        guard isOpen else {
            promise?.fail(ChannelError.alreadyClosed)
            return
        }
        isOpen = false
        let wasActive = active.exchange(false, ordering: .relaxed)
        closeDescriptor()
        let (pending, output) = (pending, output)
        (self.pending, self.output, reader) = (nil, .over, nil)
        pending?.fail(error)
        if case .ending(let promises) = output { for promise in promises { promise.fail(error) } }
        promise?.succeed()
        if wasActive {
            pipeline.fireChannelInactive()
            pipeline.fireChannelUnregistered()
        }
        // Later: whoever has closed it may be in the middle of the pipeline.
        loop._executeIsolatedUnsafeUnchecked { [self] in
            removeHandlers(pipeline: pipeline)
            closePromise.succeed()
        }
    }

    func closeOutput(_ promise: EventLoopPromise<Void>?) {
        switch output {
        case .over: promise?.fail(ChannelError.outputClosed)
        case .ending(let promises): output = .ending(promises + (promise.map { [$0] } ?? []))
        case .open:
            output = .ending(promise.map { [$0] } ?? [])
            if pending == nil { wroteSome() }
        }
    }

    func closeInput(_ promise: EventLoopPromise<Void>?) {
        if isInputOver {
            promise?.fail(ChannelError.inputClosed)
            return
        }
        if case .over = output { return closeAll(ChannelError.inputClosed, promise) }
        isInputOver = true
        shutdown(descriptor, Int32(SHUT_RD))
        promise?.succeed()
        pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
}
