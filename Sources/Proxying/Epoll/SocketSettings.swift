// SPDX-License-Identifier: Apache-2.0

import CEpoll
import Glibc
import NIOCore

/// What a connection may take, and how its socket behaves.
package struct SocketSettings: Sendable {
    /// Small writes go out at once (TCP_NODELAY); nothing for a socket of this machine.
    package var hasNoDelay = true
    /// The kernel finds out whether the other side is still there (SO_KEEPALIVE).
    package var isKeptAlive = false
    /// The other side's end isn't ours: it may still take what we say.
    package var allowsHalfClosure = false
    /// What the other side has said before it ended is read although reading is held back: it is no more than the
    /// socket holds, and behind it is the news that nobody waits any more.
    package var hearsEndAtOnce = true
    /// What the socket hasn't taken, in bytes, from which on the channel isn't writable. It is again at a quarter.
    package var unwrittenBytesMax = 64 << 10

    package init() {}

    func apply(to descriptor: Int32, of address: SocketAddress?) {
        // An option that the kernel refuses makes a connection no worse than it is.
        if hasNoDelay, address.map(\.isNetwork) ?? true {
            _ = Self.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        }
        if isKeptAlive { _ = Self.set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1) }
    }

    static func set(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) -> Bool {
        var value = value
        return setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout.size(ofValue: value))) == 0
    }

    /// The error that has happened to a socket, or 0.
    static func takeError(_ descriptor: Int32) -> Int32 {
        var (code, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
    }
}

extension SocketAddress {
    var isNetwork: Bool {
        switch self {
        case .v4, .v6: true
        case .unixDomainSocket: false
        }
    }

    /// The family, as the kernel numbers it.
    var family: Int32 {
        switch self {
        case .v4: AF_INET
        case .v6: AF_INET6
        case .unixDomainSocket: AF_UNIX
        }
    }

    /// A socket that doesn't block and isn't inherited.
    ///
    /// - Throws: `IOError`.
    func makeSocket() throws(IOError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        return descriptor
    }

    /// What the kernel says in `storage`; nil for what is no address of a network or of a socket's file.
    init?(_ storage: sockaddr_storage) {
        let family = Int32(storage.ss_family)
        let address: SocketAddress? = withUnsafeBytes(of: storage) { bytes in
            switch family {
            case AF_INET: SocketAddress(bytes.loadUnaligned(as: sockaddr_in.self))
            case AF_INET6: SocketAddress(bytes.loadUnaligned(as: sockaddr_in6.self))
            case AF_UNIX: SocketAddress(bytes.loadUnaligned(as: sockaddr_un.self))
            default: nil
            }
        }
        guard let address else { return nil }
        self = address
    }

    /// What a function like getsockname returns, and the address that it says.
    static func asked(
        _ ask: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> (status: Int32, address: Self?) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask($0, &length) }
        }
        return (status, status >= 0 ? SocketAddress(storage) : nil)
    }

    /// Where a socket is bound.
    init?(boundTo descriptor: Int32) {
        guard let address = Self.asked({ getsockname(descriptor, $0, $1) }).address else { return nil }
        self = address
    }
}
