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
/// how many. A pipe that polls writable has room for a page, so a line of up to a page is one `write(2)` that doesn't
/// block, and it isn't torn by other writers of that pipe (PIPE_BUF); a longer line is several.
final class LogOutput: Sendable {
    /// How long one line may wait for a reader before lines are dropped.
    static let patience = Duration.milliseconds(100)
    /// PIPE_BUF on Linux.
    static let writeBytesMax = 4096

    private struct State {
        /// No room was found at the last try: the next try doesn't wait.
        var isStuck = false
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
        droppedTotal.add(1, ordering: .relaxed)
    }

    private func put(_ line: [UInt8], _ state: inout State) -> Bool {
        let bytes = state.isTorn ? [UInt8(ascii: "\n")] + line : line
        var sent = 0
        while sent < bytes.count {
            let patience = state.isStuck ? Duration.zero : Self.patience
            let count = waitForRoom(patience) ? send(bytes, from: sent) : nil
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

    private func waitForRoom(_ patience: Duration) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let milliseconds = Int32(patience / .milliseconds(1))
        // A signal that interrupts the wait counts as no room: this line is lost, but the wait stays bounded.
        return poll(&request, 1, milliseconds) == 1
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
