// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc
import Synchronization

/// A member of a group: an open file whose bytes it locks. Byte n is partition n; beyond the partitions each member
/// holds a byte that shows that it lives.
///
/// The locks belong to the open file (OFD locks), not to the process: two members in one process exclude each other,
/// and the kernel frees them when the file is closed, also by the end of the process, however sudden.
final class SQLiteGroupMember: GroupMember {
    private static let firstSlot = 1024

    private let path: String
    private let membersMax: Int
    /// Nil after `leave`.
    private let file: Mutex<Int32?>

    init(path: String, membersMax: Int = EventLogLimit.groupMembersMax) throws(EventLogError) {
        self.path = path
        self.membersMax = membersMax
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw EventLogError(StateError(systemError: errno, "open", path)) }
        file = Mutex(descriptor)
        try takeSlot(descriptor)
    }

    deinit { leave() }

    func tryAcquire(_ partition: Int) throws(EventLogError) -> Bool {
        precondition((0..<EventPartition.count).contains(partition), "A partition has a number below the count.")
        return try withFile { file throws(EventLogError) in try lock(file, partition) }
    }

    func release(_ partition: Int) {
        precondition((0..<EventPartition.count).contains(partition), "A partition has a number below the count.")
        file.withLock { file in
            guard let file else { return }
            var range = Self.range(partition, count: 1, F_UNLCK)
            _ = fcntl(file, OpenFileLock.set, &range)
        }
    }

    func memberCount() throws(EventLogError) -> Int {
        try withFile { file throws(EventLogError) in
            1 + (try countLocks(file, Self.firstSlot, membersMax))
        }
    }

    func leave() {
        file.withLock { file in
            if let file { close(file) }
            file = nil
        }
    }

    // MARK: - Locks

    private func withFile<Value>(
        _ body: (Int32) throws(EventLogError) -> sending Value
    ) throws(EventLogError) -> sending Value {
        try file.withLock { file throws(EventLogError) in
            guard let file else { throw EventLogError(.unavailable, "the group \(path) has been left") }
            return try body(file)
        }
    }

    private func takeSlot(_ file: Int32) throws(EventLogError) {
        for slot in 0..<membersMax {
            if try lock(file, Self.firstSlot + slot) { return }
        }
        throw EventLogError(.overloaded, "the group \(path) has \(membersMax) members, which is the most")
    }

    private func lock(_ file: Int32, _ byte: Int) throws(EventLogError) -> Bool {
        var range = Self.range(byte, count: 1, F_WRLCK)
        if fcntl(file, OpenFileLock.set, &range) == 0 { return true }
        guard errno == EAGAIN || errno == EACCES else {
            throw EventLogError(StateError(systemError: errno, "lock", path))
        }
        return false
    }

    /// How many bytes of a range others have locked. The kernel tells of any one of their locks, so the search goes on
    /// before and behind it.
    private func countLocks(_ file: Int32, _ start: Int, _ count: Int) throws(EventLogError) -> Int {
        guard count > 0 else { return 0 }
        var range = Self.range(start, count: count, F_WRLCK)
        guard fcntl(file, OpenFileLock.get, &range) == 0 else {
            throw EventLogError(StateError(systemError: errno, "read the locks of", path))
        }
        guard range.l_type != F_UNLCK else { return 0 }
        let found = Int(range.l_start)
        return 1 + (try countLocks(file, start, found - start))
            + (try countLocks(file, found + 1, start + count - found - 1))
    }

    private static func range(_ start: Int, count: Int, _ type: Int32) -> flock {
        var range = flock()
        range.l_type = Int16(type)
        range.l_whence = Int16(SEEK_SET)
        range.l_start = start
        range.l_len = count
        return range
    }
}

/// Commands of fcntl(2) that the C library shows to GNU sources only; they are part of Linux' stable interface.
private enum OpenFileLock {
    static let get: Int32 = 36
    static let set: Int32 = 37
}
