// SPDX-License-Identifier: Apache-2.0

import CEpoll
package import Core
import Glibc
package import NIOCore
import Synchronization

/// A socket that listens, whose connections are spread evenly over the loops of a group.
package final class StreamListener: Sendable {
    package struct Rules: Sendable {
        /// Connections that wait to be taken.
        package var backlog = 1024
        /// Connections that are open at once; beyond it more have to wait in the backlog.
        package var connectionsMax = Int.max
        /// Other processes may listen there too (SO_REUSEPORT); the kernel spreads connections over them.
        package var sharesPort = false
        /// Of a socket's file. Nil leaves those of the process's mask.
        package var permissions: UInt16?
        package var connections = SocketSettings()

        package init() {}
    }

    /// Where it listens, with the port that the kernel has chosen.
    package let address: SocketAddress
    private let acceptor: NIOLoopBound<Acceptor>
    private let loop: EpollEventLoop
    private let closed: EventLoopPromise<Void>

    /// Listens, and has `welcome` (on the connection's loop) put handlers into each connection.
    ///
    /// A socket's file that is left of another process is replaced.
    ///
    /// - Throws: `IOError`; an error of NIO's for a host without an address.
    package static func bind(
        to address: ListenAddress, _ rules: Rules, group: EpollEventLoopGroup,
        _ welcome: @escaping @Sendable (EpollChannel) throws -> Void
    ) async throws -> StreamListener {
        let address = try SocketAddress.makeAddressResolvingHost(address.host, port: address.port)
        return try await bind(to: address, rules, group: group, welcome)
    }

    /// The same for an address that is known.
    package static func bind(
        to address: SocketAddress, _ rules: Rules, group: EpollEventLoopGroup,
        _ welcome: @escaping @Sendable (EpollChannel) throws -> Void
    ) async throws -> StreamListener {
        let loop = group.nextLoop()
        return try await loop.submit {
            let descriptor = try address.listen(rules)
            let closed = loop.makePromise(of: Void.self)
            let acceptor = Acceptor(loop, descriptor, rules, group, closed, welcome)
            do { try loop.watch(acceptor) } catch {
                acceptor.close()
                throw error
            }
            return StreamListener(SocketAddress(boundTo: descriptor) ?? address, acceptor, loop, closed)
        }.get()
    }

    private init(
        _ address: SocketAddress, _ acceptor: Acceptor, _ loop: EpollEventLoop, _ closed: EventLoopPromise<Void>
    ) {
        self.address = address
        self.acceptor = NIOLoopBound(acceptor, eventLoop: loop)
        self.loop = loop
        self.closed = closed
    }

    /// The port, or 0 for a socket's file.
    package var port: Int { address.port ?? 0 }

    /// Takes no more connections soon; those that are there stay.
    package func beginClose() {
        loop.execute { [acceptor] in acceptor.value.close() }
    }

    /// Takes no more connections.
    package func close() async {
        beginClose()
        await whenClosed()
    }

    package func whenClosed() async { try? await closed.futureResult.get() }
}

extension SocketAddress {
    /// Makes a socket that listens here.
    fileprivate func listen(_ rules: StreamListener.Rules) throws(IOError) -> Int32 {
        let descriptor = try makeSocket()
        do throws(IOError) {
            try prepare(descriptor, rules)
            let status = withSockAddr { Glibc.bind(descriptor, $0, socklen_t($1)) }
            guard status == 0 else { throw IOError(errnoCode: errno, reason: "bind") }
            if let permissions = rules.permissions, let pathname {
                // The process's mask may have taken some away.
                let status = chmod(pathname, mode_t(permissions))
                guard status == 0 else { throw IOError(errnoCode: errno, reason: "chmod") }
            }
            guard Glibc.listen(descriptor, Int32(clamping: rules.backlog)) == 0 else {
                throw IOError(errnoCode: errno, reason: "listen")
            }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    private func prepare(_ descriptor: Int32, _ rules: StreamListener.Rules) throws(IOError) {
        if isNetwork { _ = SocketSettings.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) }
        if rules.sharesPort {
            guard SocketSettings.set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) else {
                throw IOError(errnoCode: errno, reason: "setsockopt")
            }
        }
        guard let pathname else { return }
        removeSocket(pathname)
        // The file is made with those of the socket, so that nobody else comes in while it has those of the mask.
        if let permissions = rules.permissions, fchmod(descriptor, mode_t(permissions)) != 0 {
            throw IOError(errnoCode: errno, reason: "fchmod")
        }
    }

    /// Removes the file of a socket; anything else that is there stays, and is found by bind(2).
    private func removeSocket(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        unlink(path)
    }
}

/// Takes connections, on one loop for all.
private final class Acceptor: EpollHandle {
    /// Connections taken at once, before other sockets have their turn.
    private static let connectionsPerTurn = 16
    /// After an error that isn't one connection's, mostly that there are as many descriptors as there may be.
    private static let pause = TimeAmount.milliseconds(100)

    private let rules: StreamListener.Rules
    private let group: EpollEventLoopGroup
    private let closed: EventLoopPromise<Void>
    private let welcome: @Sendable (EpollChannel) throws -> Void
    private var count = 0
    /// Connections wait that there is no room for.
    private var isFull = false
    /// It waits after an error, whatever comes meanwhile.
    private var isPausing = false

    init(
        _ loop: EpollEventLoop, _ descriptor: Int32, _ rules: StreamListener.Rules, _ group: EpollEventLoopGroup,
        _ closed: EventLoopPromise<Void>, _ welcome: @escaping @Sendable (EpollChannel) throws -> Void
    ) {
        self.rules = rules
        self.group = group
        self.closed = closed
        self.welcome = welcome
        super.init(loop, descriptor: descriptor)
    }

    override func ready(_ events: EpollEvents) { resume() }

    override func resume() {
        if isPausing { return }
        for _ in 0..<Self.connectionsPerTurn {
            guard descriptor >= 0 else { return }
            isFull = count >= rules.connectionsMax
            guard !isFull, acceptOne() else { return }
        }
        loop.resume(self)
    }

    /// False if no more can be taken now.
    private func acceptOne() -> Bool {
        let (connection, address) = SocketAddress.asked { cepoll_accept(descriptor, $0, $1) }
        guard connection >= 0 else { return failed(errno) }
        count += 1
        let bound = NIOLoopBound(self, eventLoop: loop)
        let (target, rules, welcome) = (group.nextLoop(), rules, welcome)
        let begin: @Sendable () -> Void = {
            rules.connections.apply(to: connection, of: address)
            let channel = EpollChannel(target, descriptor: connection, to: address, rules.connections)
            channel.closeFuture.hop(to: bound.eventLoop).whenComplete { _ in bound.value.connectionClosed() }
            // One that can't begin is closed; there is nobody to tell.
            try? channel.begin { try welcome($0) }
        }
        if target === loop { begin() } else { target.execute(begin) }
        return true
    }

    private func failed(_ code: Int32) -> Bool {
        switch code {
        case EAGAIN: return false
        // The connection's own errors, of which accept(2) tells here.
        case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
            ENETUNREACH:
            return true
        default:
            pause()
            return false
        }
    }

    private func pause() {
        isPausing = true
        loop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPausing = false
            self.resume()
        }
    }

    private func connectionClosed() {
        count -= 1
        if isFull { loop.resume(self) }
    }

    override func loopEnds() { close() }

    func close() {
        guard descriptor >= 0 else { return }
        closeDescriptor()
        closed.succeed()
    }
}
