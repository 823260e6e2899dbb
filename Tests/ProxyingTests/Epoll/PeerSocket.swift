// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

@testable import Proxying

/// The plain socket at the other end of a connection of a loop's. Each call blocks its thread, at most ten seconds.
final class PeerSocket: @unchecked Sendable {
    // Safe: a test uses it from one thread at a time, or writes on one and reads on another, which the kernel allows.
    private(set) var descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Ends with an error for the other side.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Sends all; false if the other side takes no more.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Sends as much as the kernel takes now; how much that was.
    func writeAtOnce(_ bytes: [UInt8]) -> Int {
        var count = 0
        while count < bytes.count {
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let sent = bytes[count...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
            guard sent > 0 else { break }
            count += sent
        }
        return count
    }

    /// What has come, or waits for it; nothing at the end.
    ///
    /// - Throws: `IOError`, EAGAIN if nothing comes.
    func read(atMost count: Int = 64 << 10) throws -> [UInt8] {
        var block = [UInt8](repeating: 0, count: count)
        let received = recv(descriptor, &block, count, 0)
        guard received >= 0 else { throw IOError(errnoCode: errno, reason: "recv") }
        return Array(block.prefix(received))
    }

    func read(count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try read(atMost: count - bytes.count)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    func readText(count: Int) throws -> String { String(decoding: try read(count: count), as: UTF8.self) }

    func readToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = try read()
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    /// Whether nothing is there to be read now.
    var hasNothing: Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
        return count < 0 && errno == EAGAIN
    }
}

/// Two ends of a connection.
enum ConnectedSockets {
    case unix
    case tcp

    /// The first doesn't block.
    func open() throws -> (Int32, PeerSocket) {
        switch self {
        case .unix:
            var ends: [Int32] = [0, 0]
            let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
                throw IOError(errnoCode: errno, reason: "socketpair")
            }
            unblock(ends[0])
            return (ends[0], PeerSocket(ends[1]))
        case .tcp:
            let listener = try ListeningSocket(backlog: 1)
            let peer = try listener.connect()
            let accepted = accept(listener.descriptor, nil, nil)
            guard accepted >= 0 else { throw IOError(errnoCode: errno, reason: "accept") }
            unblock(accepted)
            return (accepted, peer)
        }
    }

    private func unblock(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL, 0) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
}

/// A plain socket that listens on loopback and takes no connection of its own accord.
final class ListeningSocket {
    let descriptor: Int32
    let port: Int

    init(backlog: Int32) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        let descriptor = descriptor
        guard address.withSockAddr({ bind(descriptor, $0, socklen_t($1)) }) == 0, listen(descriptor, backlog) == 0
        else {
            throw IOError(errnoCode: errno, reason: "listen")
        }
        port = SocketAddress(boundTo: descriptor)?.port ?? 0
    }

    deinit { close(descriptor) }

    var address: SocketAddress { get throws { try SocketAddress(ipAddress: "127.0.0.1", port: port) } }

    func connect() throws -> PeerSocket { try PeerSocket(port: port) }

    /// Connects until the kernel lets no more in, so that the next who tries hears nothing.
    func fill() throws -> [Int32] {
        let address = try address
        var held: [Int32] = []
        for _ in 0..<16 {
            let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            let descriptor = socket(AF_INET, type, 0)
            held.append(descriptor)
            _ = address.withSockAddr { Glibc.connect(descriptor, $0, socklen_t($1)) }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            if poll(&waiting, 1, 200) == 0 { return held }
        }
        throw IOError(errnoCode: EBUSY, reason: "a backlog that is never full")
    }
}

extension PeerSocket {
    convenience init(port: Int) throws { try self.init(to: SocketAddress(ipAddress: "127.0.0.1", port: port)) }

    convenience init(to address: SocketAddress) throws {
        let family = if case .unixDomainSocket = address { AF_UNIX } else { AF_INET }
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard address.withSockAddr({ connect(descriptor, $0, socklen_t($1)) }) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw IOError(errnoCode: code, reason: "connect")
        }
        self.init(descriptor)
    }
}

/// Bytes of which each says where it is.
func numberedBytes(_ count: Int) -> [UInt8] {
    // Safe: the period of 251 is no power of two, so that a block in the wrong place is noticed.
    [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
        for index in 0..<count { bytes[index] = UInt8(index % 251) }
        initialized = count
    }
}
