// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOPosix

/// The standard streams of one life of the app.
///
/// Plain output costs the sidecar nothing and is exact: the app inherits the descriptors themselves.
struct AppStreams: Sendable {
    /// What the child gets.
    let child: ChildProcess.Streams
    private let relayed: (relay: OutputRelay, prefix: String, thread: NIOThreadPool)?

    /// - Parameter name: What prefixed lines begin with.
    init(_ configuration: AppConfiguration, name: String) {
        let input = Self.needsNullInput ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1
        var streams = ChildProcess.Streams(input: input < 0 ? nil : input)
        guard configuration.output == .prefixed, let relay = OutputRelay() else {
            // Without descriptors for pipes the output still arrives, only unprefixed.
            child = streams
            relayed = nil
            return
        }
        (streams.output, streams.error) = relay.writeEnds
        child = streams
        relayed = (relay, "\(name) | ", NIOThreadPool(numberOfThreads: 1))
    }

    /// The app gets no terminal to read from: its group is in the background, where a read would stop it.
    private static var needsNullInput: Bool {
        isatty(STDIN_FILENO) == 1 || fcntl(STDIN_FILENO, F_GETFD) < 0
    }

    /// Carries the output until the app has closed it or `stop` is called. Call it once the child has its streams.
    func relay() async {
        closeInput()
        guard let relayed else { return }
        relayed.relay.closeWriteEnds()
        relayed.thread.start()
        try? await relayed.thread.runIfActive { relayed.relay.run(prefix: relayed.prefix) }
        relayed.relay.closeReadEnds()
        try? await relayed.thread.shutdownGracefully()
    }

    /// The app has ended, so that `relay` only takes what is still in the pipes.
    func stop() { relayed?.relay.stop() }

    /// Gives everything back when no child could be started.
    func abandon() {
        closeInput()
        relayed?.relay.closeWriteEnds()
        relayed?.relay.closeReadEnds()
    }

    private func closeInput() {
        if let input = child.input { close(input) }
    }
}
