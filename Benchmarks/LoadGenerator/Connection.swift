// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One client: its socket, what it has yet to send, what it has read, and which replies it waits for.
final class Connection {
    enum Failure: Error { case closed }

    private static let inputBytesAtFirst = 64 * 1024

    let descriptor: Int32
    /// Requests that aren't sent yet; `flush` sends them.
    var output: [UInt8] = []
    var expected = FIFO(filler: Expectation(kind: .value, key: 0))
    /// Elements of an array that haven't been read yet, and the key whose value comes next.
    var elementsLeft = 0
    var elementKey = 0
    var isOpen = true
    /// Whether the event queue tells when the socket can be written again.
    var waitsToWrite = false

    private var sentCount = 0
    private(set) var input = [UInt8](repeating: 0, count: inputBytesAtFirst)
    private var inputStart = 0
    private var inputEnd = 0

    init(port: UInt16, isBlocking: Bool = false) throws(SystemError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if descriptor < 0 { throw SystemError("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if connected != 0 { throw SystemError("connect to port \(port)") }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        if !isBlocking { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    }

    deinit { shut() }

    func shut() {
        if isOpen { close(descriptor) }
        isOpen = false
    }

    /// Sends as much as the kernel takes; returns whether that was all.
    func flush() throws(Failure) -> Bool {
        while sentCount < output.count {
            let count = output.withUnsafeBytes {
                let unsent = UnsafeRawBufferPointer(rebasing: $0[sentCount...])
                return send(descriptor, unsent.baseAddress, unsent.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EAGAIN { return false }
                throw .closed
            }
            sentCount += count
        }
        output.removeAll(keepingCapacity: true)
        sentCount = 0
        return true
    }

    /// Reads once, as much as there is room for.
    func read() throws(Failure) {
        makeRoom()
        let count = input.withUnsafeMutableBytes {
            recv(descriptor, $0.baseAddress?.advanced(by: inputEnd), $0.count - inputEnd, 0)
        }
        if count == 0 || (count < 0 && errno != EAGAIN) { throw .closed }
        inputEnd += max(0, count)
    }

    /// What was read and not yet passed.
    var unread: Range<Int> { inputStart..<inputEnd }

    /// Passes everything before `offset`.
    func pass(to offset: Int) { inputStart = offset }

    private func makeRoom() {
        if inputStart == inputEnd { (inputStart, inputEnd) = (0, 0) }
        guard inputEnd == input.count else { return }
        if inputStart > 0 {
            input.withUnsafeMutableBytes { bytes in
                let unread = UnsafeRawBufferPointer(rebasing: bytes[inputStart..<inputEnd])
                UnsafeMutableRawBufferPointer(rebasing: bytes[..<unread.count]).copyMemory(from: unread)
            }
            (inputStart, inputEnd) = (0, inputEnd - inputStart)
        } else {
            input.append(contentsOf: repeatElement(0, count: input.count))
        }
    }
}

extension Connection {
    /// For a blocking connection: reads until a reply is whole.
    func waitForReply() throws -> Reply {
        while true {
            if !unread.isEmpty, let reply = try Reply.parse(input, from: unread.lowerBound, to: unread.upperBound) {
                pass(to: reply.end)
                return reply
            }
            try read()
        }
    }

    /// Whether the server has closed it.
    func hasEnded() -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 0
    }
}
