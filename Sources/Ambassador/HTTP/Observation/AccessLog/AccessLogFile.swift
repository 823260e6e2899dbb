// SPDX-License-Identifier: Apache-2.0

package import Core
import Glibc
package import Logging
package import NIOCore
import Synchronization
import Telemetry

/// The file of a proxy's access log, and the one thread that writes to it, for all event loops.
package final class AccessLogFile: Sendable {
    /// How long the end waits for a reader of standard output, in milliseconds.
    private static let patience = Int32(1000)
    /// Batches that wait; each is of one event loop.
    private static let batchesMax = 4096

    enum Request: Sendable {
        case lines(ByteBuffer)
        case reopen
    }

    package let path: String
    private let proxy: String
    private let lane: Lane<Request>
    private let dropped = Atomic<Int>(0)
    private let isClosing = Atomic<Bool>(false)
    private let logger: Logger

    /// Opens the file, or standard output for `-`. It is made if it isn't there, for its owner to write and its group
    /// to read.
    package init(
        path: String, proxy: String, buffer: ByteCount, logger: Logger
    ) throws(AccessLogError) {
        self.path = path
        self.proxy = proxy
        self.logger = logger
        lane = Lane(
            name: "access-log", limit: LaneMailbox.Limit(requests: Self.batchesMax, bytes: Int(buffer.bytes)))
        let opened = try Self.open(path)
        let isStarted = lane.start { [self] mailbox in
            Self.blockPipeSignal()
            var output = AccessLogOutput(opened)
            var batch: [Request] = []
            while mailbox.wait(for: 1) != .closed {
                mailbox.drain(into: &batch)
                perform(batch, on: &output)
                batch.removeAll(keepingCapacity: true)
            }
            if path != "-" { Glibc.close(output.descriptor) }
        }
        guard isStarted else { throw AccessLogError(path: path, reason: "the system gives no thread") }
    }

    /// Lines that weren't written since the start.
    package var droppedLines: Int { dropped.load(ordering: .relaxed) }

    /// Takes whole lines, of any thread; drops and counts them if too many wait.
    package func write(_ lines: ByteBuffer, lineCount: Int) {
        if lane.mailbox.post(.lines(lines), bytes: lines.readableBytes) != .accepted {
            drop(lineCount)
        }
    }

    /// Opens the path again, after what waits has been written: the file may have been moved away.
    package func reopen() { _ = lane.mailbox.post(.reopen) }

    /// Writes what waits, and ends. A reader that doesn't take it within a second doesn't get it.
    package func close() async {
        isClosing.store(true, ordering: .relaxed)
        await lane.close()
    }

    // MARK: - On the thread

    private func perform(_ batch: [Request], on output: inout AccessLogOutput) {
        for request in batch {
            switch request {
            case .reopen: reopen(&output)
            case .lines(let lines):
                let descriptor = output.descriptor
                let missing = output.write(lines) { put(&$0, on: descriptor) }
                if missing > 0 { drop(missing) }
            }
        }
    }

    private func reopen(_ output: inout AccessLogOutput) {
        guard path != "-" else { return }
        do throws(AccessLogError) {
            let fresh = try Self.open(path)
            Glibc.close(output.descriptor)
            output.move(to: fresh, isEmpty: Self.status(of: fresh)?.st_size == 0)
            logger.emit(.accessLogReopened(proxy: proxy, path: path))
        } catch {
            logger.emit(.accessLogNotReopened(proxy: proxy, path: path, reason: error.reason))
        }
    }

    /// Writes all, or as much as can be written.
    private func put(_ rest: inout ByteBuffer, on descriptor: Int32) {
        let isFile = Self.status(of: descriptor).map { $0.st_mode & S_IFMT == S_IFREG } ?? false
        while rest.readableBytes > 0 {
            guard isFile || waitForRoom(descriptor) else { return }
            let piece = isFile ? rest.readableBytes : rest.pipePiece
            let count = rest.readableBytesView.prefix(piece).withContiguousStorageIfAvailable {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            guard let count, count > 0 else {
                if errno == EINTR || errno == EAGAIN { continue }
                return
            }
            rest.moveReaderIndex(forwardBy: count)
        }
    }

    /// Waits until a pipe or a terminal takes something; false if nobody holds the other end, or this is the end and
    /// patience is over.
    private func waitForRoom(_ descriptor: Int32) -> Bool {
        while true {
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            switch poll(&request, 1, Self.patience) {
            case 1: return request.revents == Int16(POLLOUT)
            case 0 where isClosing.load(ordering: .relaxed): return false
            case 0: continue
            default: if errno != EINTR { return false }
            }
        }
    }

    private static func status(of descriptor: Int32) -> stat? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status : nil
    }

    /// A write to a pipe that nobody reads raises a signal; on this thread it is an error like others.
    private static func blockPipeSignal() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Said when it begins; the metric has the rest.
    private func drop(_ count: Int) {
        // Safe: 2^63 lines aren't reached.
        let before = dropped.wrappingAdd(count, ordering: .relaxed).oldValue
        if before == 0 { logger.emit(.accessLogDropped(proxy: proxy, path: path)) }
    }

    private static func open(_ path: String) throws(AccessLogError) -> Int32 {
        guard path != "-" else { return STDOUT_FILENO }
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw AccessLogError(path: path, reason: String(cString: strerror(errno))) }
        return descriptor
    }
}

extension ByteBuffer {
    /// A pipe that has room takes this many bytes without blocking, and doesn't mix them with another writer's
    /// (PIPE_BUF).
    private static let pipeBytesMax = 4096

    /// How many of the bytes are written at once to a pipe: whole lines, if one fits.
    fileprivate var pipePiece: Int {
        let piece = readableBytesView.prefix(Self.pipeBytesMax)
        guard piece.count < readableBytes, let end = piece.lastIndex(of: UInt8(ascii: "\n")) else { return piece.count }
        return end + 1 - readerIndex
    }
}

/// Why an access log can't be written.
package struct AccessLogError: Error, Sendable, Equatable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { "the access log \(Problem.quote(path)) can't be opened: \(reason)" }
}
