// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A server on a free port of loopback that says exactly what a test's script says, well or badly.
///
/// Each connection runs the script on a thread of its own, which may block. A script that throws closes its connection.
package final class ScriptedServer: Sendable {
    package let port: Int
    private let listener: Int32
    private let accepted = Atomic(0)

    package init(_ script: @escaping @Sendable (ServedConnection) throws -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        guard withLoopbackAddress(port: 0, { bind(listener, $0, $1) }) == 0, listen(listener, 64) == 0 else {
            throw POSIXError(.EADDRINUSE)
        }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
        }
        port = Int(in_port_t(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { return }
                let number = accepted.add(1, ordering: .sequentiallyConsistent).newValue
                Thread.detachNewThread {
                    let connection = ServedConnection(descriptor, number: number)
                    try? script(connection)
                    connection.close()
                }
            }
        }
    }

    /// How many connections there have been.
    package var connectionCount: Int { accepted.load(ordering: .sequentiallyConsistent) }

    /// Takes no more connections.
    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }
}

/// One connection of a scripted server; each call blocks its thread, at most ten seconds.
package final class ServedConnection {
    /// Counted from 1.
    package let number: Int
    private let descriptor: Int32
    private var received: [UInt8] = []
    private var isClosed = false

    fileprivate init(_ descriptor: Int32, number: Int) {
        (self.descriptor, self.number) = (descriptor, number)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    package func close() {
        guard !isClosed else { return }
        isClosed = true
        _ = Foundation.close(descriptor)
    }

    /// Ends the connection as the death of a process does: with a reset.
    package func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Foundation.linger>.size))
        close()
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

    /// The lines of a request's head.
    @discardableResult
    package func readHead() throws -> [String] {
        let end = Array("\r\n\r\n".utf8)
        var searched = 0
        while true {
            while searched + end.count <= received.count {
                if received[searched..<searched + end.count].elementsEqual(end) {
                    let head = String(decoding: received[..<searched], as: UTF8.self)
                    received.removeFirst(searched + end.count)
                    return head.components(separatedBy: "\r\n")
                }
                searched += 1
            }
            guard receive() else { throw POSIXError(.ECONNRESET) }
        }
    }

    package func read(count: Int) throws -> String {
        while received.count < count {
            guard receive() else { throw POSIXError(.ECONNRESET) }
        }
        defer { received.removeFirst(count) }
        return String(decoding: received.prefix(count), as: UTF8.self)
    }

    /// What has come, or comes next; empty at the end of the connection.
    package func readSome() -> [UInt8] {
        if received.isEmpty { _ = receive() }
        defer { received = [] }
        return received
    }

    /// What comes up to the end of the connection.
    package func readToEnd() -> String {
        while receive() {}
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }

    /// False at the end.
    private func receive() -> Bool {
        var block = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &block, block.count, 0)
        if count > 0 { received += block.prefix(count) }
        return count > 0
    }
}
