// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc
import SQLiteClient

/// The folder that the sidecars of a machine share: the embedded database, its lock, and the sidecars' signs of life.
struct DataDirectory: Sendable {
    let path: String

    static let databaseName = "/outrigger.db"

    var databasePath: String { path + Self.databaseName }
    var writeLockPath: String { path + "/write.lock" }
    var sidecarsPath: String { path + "/sidecars" }
    var groupsPath: String { path + "/groups" }

    /// Makes the folder if it is missing, and refuses one that can't be used safely.
    ///
    /// The folder is readable and writable by its owner only (0700), since it holds every app's state. One that exists
    /// with other permissions is set to 0700 if it is empty or holds our database already, and refused otherwise: it
    /// would be wrong to take `/tmp` or a home away from its other users.
    init(path: String) throws(StateError) {
        var path = path
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        self.path = path
        try Self.make(path)
        try refuseNetworkFileSystem()
        try restrict()
        try Self.make(sidecarsPath)
    }

    private static func make(_ path: String) throws(StateError) {
        if mkdir(path, 0o700) == 0 { return sync(parent(of: path)) }
        if errno == EEXIST { return }
        let parent = parent(of: path)
        guard errno == ENOENT, !parent.isEmpty, parent != path else {
            throw StateError(systemError: errno, "create", path)
        }
        try make(parent)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw StateError(systemError: errno, "create", path)
        }
        sync(parent)
    }

    private static func parent(of path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return parts == [""] ? "/" : parts.joined(separator: "/")
    }

    /// Makes the new entry of a folder survive a power failure, as far as this user may open the folder: SQLite flushes
    /// the folder of its file, and nobody the folder above.
    private static func sync(_ folder: String) {
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private func restrict() throws(StateError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw StateError(systemError: errno, "read", path) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw StateError(.unavailable, "\(path) isn't a folder") }
        guard status.st_mode & 0o077 != 0 else { return }
        guard status.st_uid == geteuid(), access(databasePath, F_OK) == 0 || isEmpty() else {
            throw StateError(
                .unavailable,
                "\(path) is open to other users and isn't ours alone: name a folder inside it, or run chmod 0700 on it")
        }
        guard chmod(path, 0o700) == 0 else { throw StateError(systemError: errno, "restrict", path) }
    }

    private func isEmpty() -> Bool {
        guard let folder = opendir(path) else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { $0.prefix { $0 != 0 }.map { $0 } }
            if name != [UInt8(ascii: ".")] && name != [UInt8(ascii: "."), UInt8(ascii: ".")] { return false }
        }
        return true
    }

    private func refuseNetworkFileSystem() throws(StateError) {
        guard let magic = FileSystem.magic(of: path) else { throw StateError(systemError: errno, "read", path) }
        guard let name = FileSystem.unsuitableName(magic: magic) else { return }
        throw StateError(
            .unavailable, "\(path) is on \(name), where SQLite's locks and shared memory don't hold; use a local disk")
    }
}
