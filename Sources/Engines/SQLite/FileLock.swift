// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc

/// An advisory lock on a file (`flock`), which the kernel frees when its holder dies.
///
/// The descriptor is closed on exec: a lock that a child inherited would outlive the sidecar.
final class FileLock: Sendable {
    let path: String
    private let descriptor: Int32

    /// Opens the lock's file, and makes it if it is missing; nobody holds the lock by that.
    init(path: String) throws(StateError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StateError(systemError: errno, "open", path) }
    }

    deinit { close(descriptor) }

    /// Waits until nobody else holds the lock.
    func acquire() throws(StateError) {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw StateError(systemError: errno, "lock", path) }
        }
    }

    /// Takes the lock if it is free.
    func tryAcquire() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    func release() { flock(descriptor, LOCK_UN) }
}

/// The lock around every commit and every checkpoint of one database file, shared by the processes that write it.
///
/// `flock` alone is unfair: a writer that commits in a loop takes the lock again before the one that it just woke can
/// run. So a writer first takes the turnstile, and gives it back when it has the write lock. Whoever waits for the
/// write lock holds the turnstile, and the writer that commits in a loop has to queue behind it.
final class WriteLock: Sendable {
    private let turnstile: FileLock
    private let lock: FileLock

    /// `path` names the write lock's file; the turnstile's is beside it.
    init(path: String) throws(StateError) {
        lock = try FileLock(path: path)
        turnstile = try FileLock(path: path + ".turn")
    }

    func acquire() throws(StateError) {
        try turnstile.acquire()
        defer { turnstile.release() }
        try lock.acquire()
    }

    func release() { lock.release() }
}

extension StateError {
    /// A system call that failed on a path.
    init(systemError number: Int32, _ verb: String, _ path: String) {
        let code: Code =
            switch number {
            case EROFS, EACCES, EPERM: .readOnly
            case ENOSPC, EDQUOT: .storageFull
            default: .unavailable
            }
        self.init(code, "can't \(verb) \(path): \(String(cString: strerror(number)))")
    }
}
