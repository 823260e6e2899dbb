// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOPosix

/// Carries the app's two output streams to the sidecar's own, each line prefixed.
///
/// One thread waits for both pipes and writes what they bring. When the sidecar's output blocks, so does the thread,
/// and through the pipe the app: nothing is queued in between.
final class OutputRelay: Sendable {
    /// What is read at once; a pipe holds as much by default.
    static let chunkBytesMax = 64 << 10
    /// How long the relay reads on after the app has ended, for a process that left the group and kept the pipe.
    static let drainTimeMax = Duration.milliseconds(200)

    private struct Stream: Sendable {
        let source: Int32
        let target: Int32
        var prefixer: LinePrefixer
        var isOpen = true
        /// Nobody reads the sidecar's output any more; the app must not block for that.
        var isDiscarded = false
    }

    private let output: Pipe
    private let error: Pipe
    /// A byte in it ends the relay.
    private let stopping: Pipe
    private let targets: (output: Int32, error: Int32)

    /// Nil when the process has no descriptor left.
    init?(targets: (output: Int32, error: Int32) = (STDOUT_FILENO, STDERR_FILENO)) {
        let pipes = (0..<3).compactMap { _ in Pipe() }
        guard pipes.count == 3 else {
            for pipe in pipes { pipe.close() }
            return nil
        }
        (output, error, stopping) = (pipes[0], pipes[1], pipes[2])
        self.targets = targets
    }

    /// What the app gets as its output streams.
    var writeEnds: (output: Int32, error: Int32) { (output.writeEnd, error.writeEnd) }

    /// Leaves the write ends to the app alone, so that its end closes them.
    func closeWriteEnds() {
        close(output.writeEnd)
        close(error.writeEnd)
    }

    /// Gives the descriptors back; only after `run` and the last `stop`, or instead of them.
    func closeReadEnds() {
        close(output.readEnd)
        close(error.readEnd)
        stopping.close()
    }

    /// Blocks until both pipes are closed, or `stop` was called and the time to drain is over.
    func run(prefix: String) {
        var streams = [
            Stream(source: output.readEnd, target: targets.output, prefixer: LinePrefixer(prefix: prefix)),
            Stream(source: error.readEnd, target: targets.error, prefixer: LinePrefixer(prefix: prefix)),
        ]
        var deadline: ContinuousClock.Instant?
        while streams.contains(where: \.isOpen) {
            var entries = streams.map { pollfd(fd: $0.isOpen ? $0.source : -1, events: Int16(POLLIN), revents: 0) }
            entries.append(pollfd(fd: deadline == nil ? stopping.readEnd : -1, events: Int16(POLLIN), revents: 0))
            let ready = poll(&entries, nfds_t(entries.count), deadline == nil ? -1 : 10)
            if ready < 0 && errno == EINTR { continue }
            if entries[2].revents != 0 { deadline = .now + Self.drainTimeMax }
            for index in streams.indices where entries[index].revents != 0 { relay(&streams[index]) }
            if let deadline, deadline <= .now { break }
        }
        for index in streams.indices { write(streams[index].prefixer.finish(), &streams[index]) }
    }

    /// Ends `run` soon, although something may still hold the pipes.
    func stop() {
        var byte: UInt8 = 0
        _ = Glibc.write(stopping.writeEnd, &byte, 1)
    }

    private func relay(_ stream: inout Stream) {
        let source = stream.source
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.chunkBytesMax) { buffer, initialized in
            count = read(source, buffer.baseAddress, Self.chunkBytesMax)
            initialized = max(count, 0)
        }
        if count < 0 && errno == EINTR { return }
        guard count > 0 else {
            stream.isOpen = false
            return
        }
        write(stream.prefixer.append(bytes), &stream)
    }

    private func write(_ bytes: [UInt8], _ stream: inout Stream) {
        var sent = 0
        while sent < bytes.count, !stream.isDiscarded {
            guard hasRoom(stream.target) else { return stream.isDiscarded = true }
            // A pipe that has room takes so much without blocking.
            let size = min(bytes.count - sent, Int(PIPE_BUF))
            let count = bytes.withUnsafeBytes { Glibc.write(stream.target, $0.baseAddress?.advanced(by: sent), size) }
            if count > 0 {
                sent += count
            } else if errno != EINTR, errno != EAGAIN {
                stream.isDiscarded = true
            }
        }
    }

    /// Waits until the output takes something. After the app's end it is waited for only briefly: a reader that has
    /// stopped, such as a pager, must not keep the sidecar from ending.
    private func hasRoom(_ target: Int32) -> Bool {
        var entries = [
            pollfd(fd: target, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: stopping.readEnd, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&entries, 2, -1) < 0, errno == EINTR {}
        if entries[0].revents != 0 { return true }
        return poll(&entries, 1, Int32(Self.drainTimeMax / .milliseconds(1))) > 0
    }
}
