// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A connection to a server on loopback that sends and receives bytes.
///
/// Each call blocks its thread, at most ten seconds.
package final class ByteConnection {
    private let descriptor: Int32

    package init(port: Int) throws {
        descriptor = Self.socket(AF_INET)
        try check(withLoopbackAddress(port: port) { connect(descriptor, $0, $1) })
    }

    /// Connects to a socket in the file system, of which the kernel keeps little that nobody reads.
    package init(path: String) throws {
        descriptor = Self.socket(AF_UNIX)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = descriptor
        try check(
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            })
    }

    private static func socket(_ family: Int32) -> Int32 {
        let descriptor = Foundation.socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return descriptor
    }

    private func check(_ status: Int32) throws {
        guard status != 0 else { return }
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .ECONNREFUSED)
    }

    deinit { close(descriptor) }

    /// Has the connection end with an error for the other side when this is gone.
    package func resetAtEnd() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Foundation.linger>.size))
    }

    package func write(_ text: String) throws { try write(Array(text.utf8)) }

    package func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { throw POSIXError(.EPIPE) }
            rest = rest.dropFirst(sent)
        }
    }

    /// Nothing more will be sent; replies can still come.
    package func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What has come, or waits for it; nothing at the connection's end.
    package func receive() throws -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &block, block.count, 0)
        guard count >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return Array(block.prefix(count))
    }
}

extension ByteConnection {
    /// Receives until `count` bytes have come, and no more than those are there.
    package func read(count: Int) throws -> String {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try receive()
            guard !more.isEmpty else { throw POSIXError(.ECONNRESET) }
            bytes += more
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What comes up to the end of the connection.
    package func readToEnd() throws -> String {
        var bytes: [UInt8] = []
        while true {
            let more = try receive()
            guard !more.isEmpty else { return String(decoding: bytes, as: UTF8.self) }
            bytes += more
        }
    }

    /// Sends `text` and receives as many bytes as `reply` has, which are compared by the caller.
    package func ask(_ text: String, count: Int) throws -> String {
        try write(text)
        return try read(count: count)
    }
}
