// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOPosix

/// Finds out whether something accepts connections on a TCP port, by connecting and closing at once.
struct PortProbe: Sendable {
    /// The first pause between two tries; it doubles up to `pauseMax`. An app that takes 300 ms to start is seen within
    /// some 60 ms, and an app that takes minutes costs four connects a second.
    static let pauseMin = Duration.milliseconds(10)
    static let pauseMax = Duration.milliseconds(250)
    /// How long one connect may stay unanswered, as on an address that drops packets.
    static let connectTimeMax = Duration.seconds(1)
    /// The pause between two looks at a connect that is under way.
    static let connectPause = Duration.milliseconds(5)

    let host: String
    let port: Int

    /// Returns when the port accepts, or when the task is cancelled (false). `whileWaiting` hears of each failed try.
    func waitUntilOpen(whileWaiting: (_ elapsed: Duration) -> Void) async -> Bool {
        let start = ContinuousClock.now
        var pause = Self.pauseMin
        while !Task.isCancelled {
            if await isOpen() { return true }
            whileWaiting(.now - start)
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, Self.pauseMax)
        }
        return false
    }

    func isOpen() async -> Bool {
        for address in await addresses() where await accepts(address) { return true }
        return false
    }

    /// One address for a numeric host; for a name, whatever the resolver says now.
    private func addresses() async -> [SocketAddress] {
        if let numeric = resolve(flags: AI_NUMERICHOST) { return numeric }
        // The resolver blocks, so it must not run on a thread of the task pool.
        let found = try? await NIOThreadPool.singleton.runIfActive { resolve(flags: 0) }
        return found.flatMap { $0 } ?? []
    }

    private func resolve(flags: Int32) -> [SocketAddress]? {
        var hints = addrinfo()
        hints.ai_flags = flags | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &first) == 0 else { return nil }
        defer { freeaddrinfo(first) }
        var found: [SocketAddress] = []
        var next = first
        while let entry = next?.pointee {
            found.append(SocketAddress(entry))
            next = entry.ai_next
        }
        return found
    }

    private func accepts(_ address: SocketAddress) async -> Bool {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        if address.connect(descriptor) { return true }
        guard errno == EINPROGRESS else { return false }
        return await isConnected(descriptor)
    }

    private func isConnected(_ descriptor: Int32) async -> Bool {
        let start = ContinuousClock.now
        while .now - start < Self.connectTimeMax, !Task.isCancelled {
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            if poll(&entry, 1, 0) > 0 {
                var failure: Int32 = 0
                var length = socklen_t(MemoryLayout<Int32>.size)
                return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &length) == 0 && failure == 0
            }
            try? await Task.sleep(for: Self.connectPause)
        }
        return false
    }
}

/// One answer of the resolver, copied out of its memory.
private struct SocketAddress: Sendable {
    let family: Int32
    private let bytes: [UInt8]

    init(_ entry: addrinfo) {
        family = entry.ai_family
        bytes = [UInt8](UnsafeRawBufferPointer(start: entry.ai_addr, count: Int(entry.ai_addrlen)))
    }

    /// True when the connection stands at once; otherwise errno tells why not.
    func connect(_ descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { raw in
            // Safe: an address of the resolver is never empty.
            let address = raw.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            return Glibc.connect(descriptor, address, socklen_t(raw.count)) == 0
        }
    }
}
