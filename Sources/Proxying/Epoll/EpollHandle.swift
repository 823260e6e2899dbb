// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A socket that an event loop watches, and who is told of it. All of it is used on the loop's thread.
package class EpollHandle {
    package final let loop: EpollEventLoop
    // Safe: belongs to the loop's thread, and nothing is called while it changes.
    /// -1 once it is closed.
    @exclusivity(unchecked) package final private(set) var descriptor: Int32
    /// Where the loop keeps it while it watches; nil else.
    final var place: EpollHandles.Place?
    /// Whether the loop calls `resume` soon.
    @exclusivity(unchecked) final var isResuming = false

    init(_ loop: EpollEventLoop, descriptor: Int32) {
        self.loop = loop
        self.descriptor = descriptor
    }

    /// The socket's state has changed. It isn't said again: who leaves something unread has to remember that.
    func ready(_ events: EpollEvents) {}

    /// What `loop.resume` was asked for.
    func resume() {}

    /// The loop ends, and with it whatever is open.
    func loopEnds() {}

    /// Closes the socket. Its number may be another's at once.
    final func closeDescriptor() {
        guard descriptor >= 0 else { return }
        loop.forget(self)
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// The socket is somebody else's from now on, under this handle's place in the loop.
    final func giveUpDescriptor() { descriptor = -1 }
}
