// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
package import NIOCore

/// Opens connections on one event loop.
package struct StreamConnector: Sendable {
    private let loop: EpollEventLoop
    private let timeout: TimeAmount
    private let settings: SocketSettings

    /// - Parameter timeout: from the look-up of a name to the connection.
    package init(_ loop: EpollEventLoop, within timeout: TimeAmount, _ settings: SocketSettings = SocketSettings()) {
        self.loop = loop
        self.timeout = timeout
        self.settings = settings
    }

    /// Connects, and has `prepare` put handlers into the channel, which then is active and is the result.
    ///
    /// - Returns: fails with `IOError`, `ChannelError.connectTimeout`, `NameLookupError`, or what `prepare` throws;
    ///   where a name has several addresses, with the first one's error.
    package func connect(
        to target: StreamTarget, _ prepare: @escaping (EpollChannel) throws -> Void
    ) -> EventLoopFuture<EpollChannel> {
        loop.preconditionInEventLoop()
        let race = ConnectRace(loop, settings, prepare)
        race.begin(within: timeout)
        switch target {
        case .address(let address): race.run([address])
        case .host(let host, let port):
            let bound = NIOLoopBound(race, eventLoop: loop)
            Task { [loop] in
                let found = await NameLookup.orderedAddresses(of: host)
                loop.execute { bound.value.found(found, port: port) }
            }
        }
        return race.future
    }
}

/// The attempts to reach a server that has several addresses. They begin one after the other, each when the one before
/// has failed or taken a while (RFC 8305, section 5), and the first to be connected wins.
final class ConnectRace {
    /// What an attempt may take before the next one begins as well.
    private static let headStart = TimeAmount.milliseconds(250)

    private let loop: EpollEventLoop
    private let settings: SocketSettings
    private let prepare: (EpollChannel) throws -> Void
    private let promise: EventLoopPromise<EpollChannel>
    private var waiting: ArraySlice<SocketAddress> = []
    private var attempts: [ConnectAttempt] = []
    private var firstError: (any Error)?
    private var isOver = false
    private var deadline: Scheduled<Void>?
    private var nextStart: Scheduled<Void>?

    init(_ loop: EpollEventLoop, _ settings: SocketSettings, _ prepare: @escaping (EpollChannel) throws -> Void) {
        self.loop = loop
        self.settings = settings
        self.prepare = prepare
        promise = loop.makePromise()
    }

    var future: EventLoopFuture<EpollChannel> { promise.futureResult }

    func begin(within timeout: TimeAmount) {
        deadline = loop.assumeIsolated().scheduleTask(in: timeout) {
            self.finish(.failure(self.firstError ?? ChannelError.connectTimeout(timeout)))
        }
    }

    func found(_ found: Result<[String], NameLookupError>, port: Int) {
        switch found {
        case .failure(let error): finish(.failure(error))
        case .success(let hosts): run(hosts.compactMap { try? SocketAddress(ipAddress: $0, port: port) })
        }
    }

    func run(_ addresses: [SocketAddress]) {
        waiting = addresses[...]
        startNext()
    }

    private func startNext() {
        nextStart?.cancel()
        nextStart = nil
        guard !isOver else { return }
        guard let address = waiting.popFirst() else {
            if attempts.isEmpty { finish(.failure(firstError ?? NameLookupError("its name has no address"))) }
            return
        }
        if !waiting.isEmpty {
            nextStart = loop.assumeIsolated().scheduleTask(in: Self.headStart) { self.startNext() }
        }
        do {
            let attempt = try ConnectAttempt(loop, address, settings)
            attempts.append(attempt)
            try attempt.start { [self] in attempted(attempt, $0) }
        } catch {
            attempts.removeAll { $0.address == address }
            failed(error)
        }
    }

    private func attempted(_ attempt: ConnectAttempt, _ result: Result<EpollEvents, IOError>) {
        attempts.removeAll { $0 === attempt }
        switch result {
        case .failure(let error): failed(error)
        case .success(let events):
            endRace()
            let channel = attempt.makeChannel()
            promise.completeWith(
                Result {
                    try channel.begin(events, prepare)
                    return channel
                })
        }
    }

    private func failed(_ error: any Error) {
        firstError = firstError ?? error
        startNext()
    }

    private func finish(_ result: Result<EpollChannel, any Error>) {
        guard !isOver else { return }
        endRace()
        promise.completeWith(result)
    }

    private func endRace() {
        isOver = true
        deadline?.cancel()
        nextStart?.cancel()
        for attempt in attempts { attempt.cancel() }
        attempts = []
    }
}

/// A socket on its way to one address.
private final class ConnectAttempt: EpollHandle {
    let address: SocketAddress
    private let settings: SocketSettings
    private var tell: ((Result<EpollEvents, IOError>) -> Void)?

    init(_ loop: EpollEventLoop, _ address: SocketAddress, _ settings: SocketSettings) throws(IOError) {
        self.address = address
        self.settings = settings
        super.init(loop, descriptor: try address.makeSocket())
        settings.apply(to: descriptor, of: address)
    }

    /// `tell` is called once, unless this throws: with what is known of the socket when it is connected.
    func start(_ tell: @escaping (Result<EpollEvents, IOError>) -> Void) throws {
        let status = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        let code = errno
        do {
            guard status == 0 || code == EINPROGRESS else { throw IOError(errnoCode: code, reason: "connect") }
            try loop.watch(self)
        } catch {
            closeDescriptor()
            throw error
        }
        self.tell = tell
    }

    override func ready(_ events: EpollEvents) {
        guard !events.isDisjoint(with: [.writable, .failed, .ended]), let tell else { return }
        let code = SocketSettings.takeError(descriptor)
        self.tell = nil
        if code == 0 { return tell(.success(events)) }
        closeDescriptor()
        tell(.failure(IOError(errnoCode: code, reason: "connect")))
    }

    /// The channel that the connected socket is from now on.
    func makeChannel() -> EpollChannel {
        let channel = EpollChannel(loop, descriptor: descriptor, to: address, settings)
        loop.replace(self, with: channel)
        giveUpDescriptor()
        return channel
    }

    func cancel() {
        tell = nil
        closeDescriptor()
    }

    override func loopEnds() {
        guard let tell else { return }
        cancel()
        tell(.failure(IOError(errnoCode: ECANCELED, reason: "connect")))
    }
}
