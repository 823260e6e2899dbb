// SPDX-License-Identifier: Apache-2.0

import CSpawn
import Glibc
import Synchronization

/// A child process that leads a process group of its own and dies with the thread that started it.
///
/// Signals go to the group, so that they reach what a shell has started. The leader stays a zombie until `isReaped` is
/// set under the lock; therefore no signal can reach a stranger that got the same id.
final class ChildProcess: Sendable {
    /// Descriptors that become the child's standard ones; nil inherits the sidecar's.
    struct Streams: Sendable {
        var input: Int32? = nil
        var output: Int32? = nil
        var error: Int32? = nil
    }

    /// Also the id of the group.
    let pid: Int32
    private let isReaped = Mutex(false)

    private init(pid: Int32) { self.pid = pid }

    /// Starts the command; the calling thread must outlive the child.
    ///
    /// - Parameter descriptorsMax: The soft limit of descriptors that it may have open; nil inherits the sidecar's.
    static func start(
        _ command: [String], environment overrides: [String: String], streams: Streams, descriptorsMax: UInt? = nil
    ) throws(SpawnError) -> ChildProcess {
        let arguments = CStringArray(command)
        let environment = CStringArray(
            overrides.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" },
            after: inheritedEnvironment(without: overrides))
        defer {
            arguments.free()
            environment.free()
        }
        var request = cspawn_request(
            arguments: arguments.pointers, environment: environment.pointers,
            standard_input: streams.input ?? -1, standard_output: streams.output ?? -1,
            standard_error: streams.error ?? -1, descriptors_max: descriptorsMax ?? 0)
        let result = cspawn_start(&request)
        guard result > 0 else { throw SpawnError(command: command[0], code: -result) }
        return ChildProcess(pid: result)
    }

    /// The sidecar's own entries, byte for byte, without those that are overridden.
    private static func inheritedEnvironment(
        without overrides: [String: String]
    ) -> [UnsafeMutablePointer<CChar>?] {
        var entries: [UnsafeMutablePointer<CChar>?] = []
        var next = cspawn_environment()
        while let entry = next?.pointee {
            let name = String(cString: entry).prefix { $0 != "=" }
            if overrides[String(name)] == nil { entries.append(entry) }
            next = next?.successor()
        }
        return entries
    }

    /// Blocks until the child has ended, and reaps it.
    ///
    /// With `adoptingOrphans`, for a process that the kernel gives orphans (process 1 of a container), it also reaps
    /// every other child that ends meanwhile.
    func wait(adoptingOrphans: Bool) -> AppExit {
        while true {
            var information = siginfo_t()
            // WNOWAIT leaves the zombie in place, so that it is known whose it is before it is reaped.
            let result =
                adoptingOrphans
                ? waitid(P_ALL, 0, &information, WEXITED | WNOWAIT)
                : waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT)
            if result != 0 {
                precondition(errno == EINTR, "Nobody else may reap the app.")
                continue
            }
            let ended = information._sifields._sigchld.si_pid
            guard ended != pid else { return reap() }
            waitpid(ended, nil, 0)
        }
    }

    private func reap() -> AppExit {
        isReaped.withLock { isReaped in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            isReaped = true
            let number = status & 0x7F
            return number == 0 ? .code((status >> 8) & 0xFF) : .signal(number)
        }
    }

    /// Reaps the orphans that have ended by now. Only for a time without a child of one's own.
    static func reapOrphans() {
        while waitpid(-1, nil, WNOHANG) > 0 {}
    }

    /// Sends a signal to the child and all of its group, unless the child has ended.
    func signal(_ number: Int32) {
        isReaped.withLock { isReaped in
            if !isReaped { kill(-pid, number) }
        }
    }

    /// Whether something of the group outlives its leader. While it does, its id can't be given to another process.
    var hasSurvivors: Bool { kill(-pid, 0) == 0 || errno == EPERM }

    /// Sends a signal to what outlives the leader.
    func signalSurvivors(_ number: Int32) {
        if hasSurvivors { kill(-pid, number) }
    }
}
