// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Glibc
import Synchronization

/// A file system for SQLite that is the usual one and counts the flushes of each file.
///
/// A database uses it whose URI says `vfs=counting`.
enum CountingFileSystem {
    struct Files: Sendable {
        /// By the address of SQLite's handle.
        var paths: [UInt: String] = [:]
        var flushes: [String: Int] = [:]
    }

    typealias Flush = @convention(c) (UnsafeMutablePointer<sqlite3_file>?, Int32) -> Int32

    static let files = Mutex(Files())
    /// What the usual file system flushes with; the same for all its files.
    static let usualFlush = Mutex<Flush?>(nil)

    static func flushes(of path: String) -> Int {
        _ = isRegistered
        return files.withLock { $0.flushes[path, default: 0] }
    }

    static let isRegistered: Bool = {
        guard let usual = sqlite3_vfs_find("unix") else { return false }
        // Both live as long as the process, as SQLite asks of them.
        let counting = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        counting.initialize(to: usual.pointee)
        counting.pointee.zName = UnsafePointer(strdup("counting"))
        counting.pointee.xOpen = { _, name, file, flags, outFlags in
            guard let usual = sqlite3_vfs_find("unix"), let open = usual.pointee.xOpen else { return SQLITE_ERROR }
            let result = open(usual, name, file, flags, outFlags)
            if result == SQLITE_OK, let name, let file { CountingFileSystem.replaceFlush(file, String(cString: name)) }
            return result
        }
        return sqlite3_vfs_register(counting, 0) == SQLITE_OK
    }()

    private static func replaceFlush(_ file: UnsafeMutablePointer<sqlite3_file>, _ path: String) {
        guard let usual = file.pointee.pMethods else { return }
        usualFlush.withLock { $0 = $0 ?? usual.pointee.xSync }
        files.withLock { $0.paths[UInt(bitPattern: file)] = path }
        // A few bytes for each file that a test opens.
        let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        methods.initialize(to: usual.pointee)
        methods.pointee.xSync = { file, flags in
            CountingFileSystem.files.withLock { files in
                if let path = files.paths[UInt(bitPattern: file)] { files.flushes[path, default: 0] += 1 }
            }
            return CountingFileSystem.usualFlush.withLock { $0 }?(file, flags) ?? SQLITE_ERROR
        }
        file.pointee.pMethods = UnsafePointer(methods)
    }
}
