// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOPosix
import Synchronization

/// A signal that the sidecar takes part in.
package enum Signal: Sendable, Hashable, CaseIterable {
    case hangUp, interrupt, quit, user1, user2, terminate, windowChanged
    /// SIGTTIN and SIGTTOU, which twemproxy takes for its log.
    case terminalInput, terminalOutput

    /// What a sidecar takes part in: what a terminal sends to a background process isn't.
    package static let ofSidecar: [Signal] = [
        .hangUp, .interrupt, .quit, .user1, .user2, .terminate, .windowChanged,
    ]

    package init?(number: Int32) {
        guard let signal = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = signal
    }

    package var number: Int32 {
        switch self {
        case .hangUp: SIGHUP
        case .interrupt: SIGINT
        case .quit: SIGQUIT
        case .user1: SIGUSR1
        case .user2: SIGUSR2
        case .terminate: SIGTERM
        case .windowChanged: SIGWINCH
        case .terminalInput: SIGTTIN
        case .terminalOutput: SIGTTOU
        }
    }

    /// Whether it asks the sidecar to end. The others are the app's business: SIGHUP and the user signals mean what the
    /// app says, and SIGQUIT makes a JVM or a Go program print its threads.
    package var beginsShutdown: Bool { self == .interrupt || self == .terminate }

    package var name: String {
        switch self {
        case .hangUp: "SIGHUP"
        case .interrupt: "SIGINT"
        case .quit: "SIGQUIT"
        case .user1: "SIGUSR1"
        case .user2: "SIGUSR2"
        case .terminate: "SIGTERM"
        case .windowChanged: "SIGWINCH"
        case .terminalInput: "SIGTTIN"
        case .terminalOutput: "SIGTTOU"
        }
    }
}

/// The write end of the pipe into which the handler puts the numbers of signals.
private let signalPipe = Atomic<Int32>(-1)

/// The signals that this process gets, in order, as an asynchronous sequence.
///
/// A handler writes one byte to a pipe, and one thread blocks in reading it: that works whatever threads exist and
/// whichever of them the kernel picks, unlike signalfd, which needs the signals blocked in every thread; and it costs
/// nothing while no signal comes. SIGPIPE is ignored from then on: a peer that went away is an error of a write.
package struct Signals: AsyncSequence, Sendable {
    /// Signals that nobody has taken yet; more of them are dropped, the oldest first.
    static let pendingMax = 64

    private let stream: AsyncStream<Signal>

    /// Begins to catch the signals, for the rest of the process's life. Call it once, before anything is started.
    package static func install(_ signals: some Sequence<Signal> = Signal.ofSidecar) -> Signals {
        guard let pipe = Pipe() else { preconditionFailure("A process that just began has descriptors left.") }
        // A full pipe must never block the handler; whoever sends 65536 signals at once loses some.
        _ = fcntl(pipe.writeEnd, F_SETFL, O_NONBLOCK)
        let previous = signalPipe.exchange(pipe.writeEnd, ordering: .sequentiallyConsistent)
        precondition(previous < 0, "Signals are installed once per process.")
        signal(SIGPIPE, SIG_IGN)
        for signal in signals { handle(signal.number) }

        let (stream, continuation) = AsyncStream.makeStream(
            of: Signal.self, bufferingPolicy: .bufferingNewest(pendingMax))
        let thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        thread.submit { _ in forward(from: pipe.readEnd, to: continuation) }
        return Signals(stream: stream)
    }

    private static func handle(_ number: Int32) {
        var action = sigaction()
        // The handler makes one system call and leaves errno as it was: signal-safety(7) allows that.
        action.__sigaction_handler.sa_handler = { number in
            let before = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(signalPipe.load(ordering: .relaxed), &byte, 1)
            errno = before
        }
        action.sa_flags = SA_RESTART
        sigaction(number, &action, nil)
    }

    private static func forward(from readEnd: Int32, to continuation: AsyncStream<Signal>.Continuation) {
        var byte: UInt8 = 0
        while true {
            let count = read(readEnd, &byte, 1)
            if count == 1, let signal = Signal(number: Int32(byte)) { continuation.yield(signal) }
            if count == 0 || (count < 0 && errno != EINTR) { return continuation.finish() }
        }
    }

    package func makeAsyncIterator() -> AsyncStream<Signal>.Iterator { stream.makeAsyncIterator() }
}
