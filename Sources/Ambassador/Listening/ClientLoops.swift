// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import Synchronization

/// What serves the clients of one event loop; all of it is used on that loop.
protocol ClientLoop: SendableMetatype {
    /// Those that are connected.
    var clientCount: Int { get }

    /// Has each client end after what it waits for.
    func drain()
    /// Closes what is left, clients and servers.
    func close()
}

/// What serves clients, on every event loop of a group. It crosses to them only at the start and the end, and when
/// somebody changes something or asks what was counted.
final class ClientLoops<Loop: ClientLoop>: Sendable {
    /// How often it is looked whether the last client is gone.
    private static var drainPause: Duration { .milliseconds(20) }

    private let loops = Mutex<[NIOLoopBound<Loop>]>([])

    /// Has `make` make what serves, on each event loop.
    func start(_ group: EpollEventLoopGroup, _ make: @escaping @Sendable (EpollEventLoop) -> Loop) async {
        for eventLoop in group.loops {
            let made = eventLoop.submit { NIOLoopBound(make(eventLoop), eventLoop: eventLoop) }
            // A loop of a group that is shut down makes nothing; then nothing listens either.
            if let loop = try? await made.get() { loops.withLock { $0.append(loop) } }
        }
    }

    /// What serves on an event loop, for whoever is on it.
    func loop(on eventLoop: any EventLoop) -> Loop? {
        loops.withLock { loops in loops.first { $0.eventLoop === eventLoop } }?.value
    }

    /// Has each loop do something soon.
    func tell(_ act: @escaping @Sendable (Loop) -> Void) {
        for loop in loops.withLock({ $0 }) { loop.eventLoop.execute { act(loop.value) } }
    }

    /// What each loop answers; one that has ended answers nothing.
    func ask<Answer: Sendable>(_ question: @escaping @Sendable (Loop) -> Answer) async -> [Answer] {
        var answers: [Answer] = []
        for loop in loops.withLock({ $0 }) {
            if let answer = try? await loop.eventLoop.submit({ question(loop.value) }).get() { answers.append(answer) }
        }
        return answers
    }

    /// Lets clients have what they wait for, and closes what is left after `time`, or when the task is cancelled.
    func drain(within time: Duration) async {
        tell { $0.drain() }
        let end = ContinuousClock.now + time
        while await ask({ $0.clientCount }).contains(where: { $0 > 0 }), ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.sleep(for: Self.drainPause)
        }
        _ = await ask { $0.close() }
    }
}
