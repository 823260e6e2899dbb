// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Synchronization

/// Ports that nobody uses, each given once per run.
///
/// They lie below the range from which the kernel picks ports for outgoing connections (32768 and up): the kernel's own
/// free ports could be taken by a neighbour's connection before the sidecar binds them.
package enum FreePort {
    private static let last = Atomic<Int>(20_000 + Int(getpid() % 1000) * 10)

    package static func next() throws -> Int {
        for _ in 0..<10_000 {
            let candidate = 20_000 + last.add(1, ordering: .relaxed).newValue % 12_000
            if let listener = try? PortOccupation(port: candidate) {
                listener.release()
                return candidate
            }
        }
        throw POSIXError(.EADDRINUSE)
    }
}

/// A listener of the test's own process on 127.0.0.1 that is in somebody's way.
package final class PortOccupation: Sendable {
    private let descriptor: Int32

    package init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        guard withLoopbackAddress(port: port, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 1) == 0 else {
            close(descriptor)
            throw POSIXError(.EADDRINUSE)
        }
    }

    /// Only called once, by whoever made it.
    package func release() { close(descriptor) }
}

/// Calls `body` with 127.0.0.1:port in the form that the socket calls take.
package func withLoopbackAddress<R>(port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        // Safe: a sockaddr_in is what a sockaddr of family AF_INET is.
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
