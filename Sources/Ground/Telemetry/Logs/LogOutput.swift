// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Writes whole lines to a descriptor, from any thread, and never waits for a reader longer than `patience`.
///
/// Log lines are written by the thread that logs, so that the last words before a crash are out. A terminal that is
/// held with Ctrl-S or a collector that hangs would then stop the data path; so each write first asks `poll(2)`. When
/// nobody has read for `patience`, lines are dropped without waiting until there is room again, and then one line says
/// how many; a reader that is merely slow is waited for once in `waitInterval`. A pipe that polls writable has room for
/// a page, so a line of up to a page is one `write(2)` that doesn't block, and it isn't torn by other writers of that
/// pipe (PIPE_BUF); a longer line is several. (Another process that fills the same pipe between the two calls can still
/// make one write wait; making the descriptor non-blocking would change it for the app too, which shares it.)
final class LogOutput: Sendable {
    /// How long one line may wait for a reader before lines are dropped.
    static let patience = Duration.milliseconds(100)
    /// From one wait to the next: waiting takes at most a tenth of the time.
    static let waitInterval = Duration.seconds(1)
    /// PIPE_BUF on Linux.
    static let writeBytesMax = 4096

    private struct State {
        /// No room was found at the last try: the next try doesn't wait.
        var isStuck = false
        var lastWait: ContinuousClock.Instant?
        /// A line was left unfinished: the next one starts with a newline.
        var isTorn = false
        var droppedSinceWritten = 0
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    private let droppedTotal = Atomic<Int>(0)

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Lines that were dropped since the start.
    var dropped: Int { droppedTotal.load(ordering: .relaxed) }

    /// Writes one line, with its newline, or drops it.
    ///
    /// - Parameter notice: makes the line that says how many were dropped before this one.
    func write(_ line: [UInt8], notice: (Int) -> [UInt8]) {
        state.withLock { state in
            if state.droppedSinceWritten > 0 {
                guard put(notice(state.droppedSinceWritten), &state) else { return drop(&state) }
                state.droppedSinceWritten = 0
            }
            if !put(line, &state) { drop(&state) }
        }
    }

    private func drop(_ state: inout State) {
        state.droppedSinceWritten += 1
        // Safe: 2^63 lines aren't reached.
        droppedTotal.wrappingAdd(1, ordering: .relaxed)
    }

    private func put(_ line: [UInt8], _ state: inout State) -> Bool {
        let bytes = state.isTorn ? [UInt8(ascii: "\n")] + line : line
        var sent = 0
        while sent < bytes.count {
            let count = waitForRoom(&state) ? send(bytes, from: sent) : nil
            guard let count else {
                state.isStuck = true
                state.isTorn = state.isTorn || sent > 0
                return false
            }
            state.isStuck = false
            sent += count
        }
        state.isTorn = false
        return true
    }

    private func waitForRoom(_ state: inout State) -> Bool {
        if hasRoom(within: .zero) { return true }
        let now = ContinuousClock.now
        guard !state.isStuck, state.lastWait.map({ $0.duration(to: now) >= Self.waitInterval }) ?? true else {
            return false
        }
        state.lastWait = now
        return hasRoom(within: Self.patience)
    }

    /// False also when nobody holds the other end, where a write would raise SIGPIPE, and when a signal interrupts the
    /// wait: that line is lost, but the wait stays bounded.
    private func hasRoom(within time: Duration) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&request, 1, Int32(time / .milliseconds(1))) == 1 else { return false }
        return request.revents == Int16(POLLOUT)
    }

    /// The bytes that were taken; nil when none can be: no room after all, or nobody holds the other end.
    private func send(_ bytes: [UInt8], from start: Int) -> Int? {
        let piece = bytes[start..<min(start + Self.writeBytesMax, bytes.count)]
        while true {
            let count = piece.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { return count }
            if count < 0, errno == EINTR { continue }
            return nil
        }
    }
}

#if canImport(Glibc)
private let systemWrite = Glibc.write
#elseif canImport(Musl)
private let systemWrite = Musl.write
#else
private let systemWrite = Darwin.write
#endif
