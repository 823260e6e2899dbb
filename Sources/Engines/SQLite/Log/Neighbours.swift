// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc

/// The processes that wait for streams, found in the folder of sidecars, and the socket that wakes them.
///
/// The list is kept until the folder changes. While nobody is there, a commit costs one look at the folder's time.
struct Neighbours: ~Copyable {
    struct Neighbour {
        var name: String
        var interest: Set<UInt64>
    }

    enum Delivery { case sent, dropped, gone }

    /// The kernel's clock of files moves in steps of up to 10 ms: a change within the step of the last look has the
    /// same time. Until the time is this old, the folder is looked at again.
    private static let settledNanoseconds = 50_000_000

    let folder: String
    private var descriptor: Int32 = -1
    private var seen: [Neighbour] = []
    private var seenTime: Int?
    private var isSettled = false

    init(folder: String) { self.folder = folder }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Everybody but `own`.
    mutating func all(except own: String?) -> [Neighbour] {
        refresh()
        if seen.isEmpty { return [] }
        return seen.filter { $0.name != own }
    }

    /// Wakes a neighbour. One whose socket is full is awake or about to be, so nothing is lost by leaving it alone.
    mutating func wake(_ neighbour: Neighbour) -> Delivery {
        if descriptor < 0 {
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        }
        var byte: UInt8 = 1
        let descriptor = descriptor
        let result = SocketAddress.with(folder: folder, file: neighbour.name + ".sock") { address, length in
            Int32(sendto(descriptor, &byte, 1, Int32(MSG_DONTWAIT | MSG_NOSIGNAL), address, length))
        }
        if result >= 0 { return .sent }
        guard errno == ECONNREFUSED || errno == ENOENT else { return .dropped }
        seenTime = nil
        return .gone
    }

    // MARK: - The folder

    private mutating func refresh() {
        var status = stat()
        guard stat(folder, &status) == 0 else {
            seen = []
            return
        }
        let time = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
        if isSettled && time == seenTime { return }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        isSettled = now.tv_sec * 1_000_000_000 + now.tv_nsec - time > Self.settledNanoseconds
        seenTime = time
        seen = sockets().compactMap { name in
            if isDead(name) { return nil }
            return Neighbour(name: name, interest: interest(of: name))
        }
    }

    /// The names of the sockets, without the ending.
    private func sockets() -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("watch-") && name.hasSuffix(".sock") { names.append(String(name.dropLast(5))) }
        }
        return names
    }

    /// Whether the owner of a socket has died; its files are removed then.
    private func isDead(_ name: String) -> Bool {
        let path = "\(folder)/\(name)"
        // The lock is made before the socket and removed after it.
        guard access(path + ".lock", F_OK) == 0 else { return true }
        guard let life = try? FileLock(path: path + ".lock"), life.tryAcquire() else { return false }
        for ending in [".sock", ".streams", ".streams.new", ".lock"] { unlink(path + ending) }
        return true
    }

    private func interest(of name: String) -> Set<UInt64> {
        let file = open("\(folder)/\(name).streams", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_size > 0 else { return [] }
        let hashes = [UInt64](unsafeUninitializedCapacity: status.st_size / 8) { buffer, count in
            count = max(read(file, buffer.baseAddress, buffer.count * 8), 0) / 8
        }
        return Set(hashes.map { UInt64(littleEndian: $0) })
    }
}
