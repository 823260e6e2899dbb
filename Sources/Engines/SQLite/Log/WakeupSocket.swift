// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Glibc

/// Where neighbours wake this process: a socket in the folder of sidecars, and beside it what it is interested in.
///
/// Three files of one random name: `.lock` is held while the owner lives, `.sock` takes datagrams without content,
/// `.streams` has the hashes of the streams that somebody waits for. They are ordered so that whoever sees the socket
/// can tell by the lock whether its owner lives.
final class WakeupSocket: Sendable {
    enum Event: Sendable { case woken, timedOut, closed }

    let name: String
    private let folder: String
    private let life: FileLock
    private let descriptor: Int32

    init(folder: String) throws(StateError) {
        name = "watch-" + String(UInt64.random(in: .min ... .max), radix: 16)
        self.folder = folder
        life = try FileLock(path: "\(folder)/\(name).lock")
        guard life.tryAcquire() else { throw StateError(.failed, "\(life.path) is locked by another process") }
        let path = "\(folder)/\(name).sock"
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw StateError(systemError: errno, "make a socket for", path) }
        guard SocketAddress.with(folder: folder, file: name + ".sock", { bind(descriptor, $0, $1) }) == 0 else {
            throw StateError(systemError: errno, "bind", path)
        }
    }

    deinit {
        close(descriptor)
        for ending in [".sock", ".streams", ".streams.new", ".lock"] { unlink("\(folder)/\(name)\(ending)") }
    }

    /// Waits for a wake-up, at most so long; takes all that have come.
    func wait(milliseconds: Int32) -> Event {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var count = poll(&entry, 1, milliseconds)
        while count < 0, errno == EINTR { count = poll(&entry, 1, milliseconds) }
        guard count > 0 else { return .timedOut }
        if entry.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { return .closed }
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) > 0 {}
        return .woken
    }

    /// Makes each wait, also one that has begun, end with `closed`.
    func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Tells neighbours which streams are waited for, by their hashes.
    func publish(_ interest: Set<UInt64>) throws(StateError) {
        let path = "\(folder)/\(name).streams"
        let file = open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw StateError(systemError: errno, "write", path) }
        let hashes = interest.map(\.littleEndian)
        let count = hashes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        let number = errno
        close(file)
        guard count == hashes.count * 8, rename(path + ".new", path) == 0 else {
            throw StateError(systemError: count < 0 ? number : ENOSPC, "write", path)
        }
    }
}

/// Addresses of sockets in a folder.
enum SocketAddress {
    /// Calls `body` with the address of a socket's file. An address holds 107 bytes of a path; a longer one is reached
    /// through the folder's descriptor.
    static func with(
        folder: String, file: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard folder.utf8.count + file.utf8.count + 2 > capacity else {
            return call(&address, "\(folder)/\(file)", body)
        }
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return -1 }
        defer { close(descriptor) }
        return call(&address, "/proc/self/fd/\(descriptor)/\(file)", body)
    }

    private static func call(
        _ address: inout sockaddr_un, _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            // The last byte stays zero, which ends the path.
            for (index, byte) in path.utf8.prefix(bytes.count - 1).enumerated() { bytes[index] = byte }
        }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
