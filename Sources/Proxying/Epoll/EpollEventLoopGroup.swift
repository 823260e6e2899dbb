// SPDX-License-Identifier: Apache-2.0

package import Dispatch
package import NIOCore
import Synchronization

/// Event loops, each with a thread; what has a choice takes them in turn.
package final class EpollEventLoopGroup: EventLoopGroup, Sendable {
    /// The loops of whatever has no need of its own: one for each core, for as long as the process runs.
    package static let singleton = EpollEventLoopGroup(count: System.coreCount, name: "loop")

    package let loops: [EpollEventLoop]
    private let turn = Atomic<Int>(0)

    /// - Parameter name: what `ps -L` and `top -H` show of the threads, with a number behind it.
    package init(count: Int, name: String) {
        precondition(count > 0, "A group has a loop at least.")
        loops = (1...count).map { EpollEventLoop(name: count == 1 ? name : "\(name)-\($0)") }
    }

    package func nextLoop() -> EpollEventLoop {
        let turn = turn.add(1, ordering: .relaxed).oldValue
        return loops[Int(UInt(bitPattern: turn) % UInt(loops.count))]
    }

    /// The loop on whose thread this is called, if it is one of these.
    package var current: EpollEventLoop? { loops.first(where: \.inEventLoop) }

    package func next() -> any EventLoop { nextLoop() }
    package func any() -> any EventLoop { current ?? nextLoop() }
    package func makeIterator() -> EventLoopIterator { EventLoopIterator(loops) }

    /// Closes all that is open on the loops and ends their threads.
    package func shutdownGracefully() async {
        for loop in loops {
            await withCheckedContinuation { continuation in loop.beginEnd { continuation.resume() } }
        }
    }

    package func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        Task {
            await shutdownGracefully()
            queue.async { callback(nil) }
        }
    }
}

extension EpollEventLoop {
    package func next() -> any EventLoop { self }
    package func any() -> any EventLoop { self }
    package func makeIterator() -> EventLoopIterator { EventLoopIterator([self]) }

    package func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        beginEnd { queue.async { callback(nil) } }
    }
}
