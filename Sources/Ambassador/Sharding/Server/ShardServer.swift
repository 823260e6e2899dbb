// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Proxying

/// What a connection says when it is opened, before any client's command: password, database, protocol.
struct ShardOpening {
    var bytes = ByteBuffer()
    /// How many replies that gives.
    var replies = 0
    /// What each of them is.
    var expectation = ReplyShape.any
    /// Whether a client has asked for it, so that a refusal says nothing of the server.
    var isWished = false
}

/// Who is told of a server, by its name, that a connection failed or that it can't serve; and after that, once, that it
/// answered.
protocol ShardHealth: AnyObject {
    func failed(_ server: String)
    func answered(_ server: String)
}

/// One loop's counters of one server.
final class ServerCounters {
    // Safe: plain numbers of one loop's thread.
    @exclusivity(unchecked) var sum = ShardCounters()
}

/// A server as one loop sees it.
final class ShardServer {
    let name: String
    /// A host's name is looked up at each attempt to connect.
    let address: ServerAddress
    private(set) var timeout: TimeAmount
    private(set) var connectTimeout: TimeAmount
    let keepalive: Bool
    let tls: TLSClient?
    /// The server whose keys it has a copy of; nil for one that has its own.
    private(set) var replicaOf: String?
    weak var health: (any ShardHealth)?
    /// It has failed, and not answered since.
    private(set) var isSuspect = false

    init(
        name: String, address: ServerAddress, timeout: TimeAmount, connectTimeout: TimeAmount,
        keepalive: Bool, tls: TLSClient?, replicaOf: String? = nil
    ) {
        self.replicaOf = replicaOf
        self.name = name
        self.address = address
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.keepalive = keepalive
        self.tls = tls
    }

    /// The same server, asked whether it is well. It has some time for that even if commands have for ever.
    init(probing server: ShardServer) {
        name = server.name
        address = server.address
        timeout = server.timeout > .zero ? server.timeout : server.connectTimeout
        connectTimeout = server.connectTimeout
        keepalive = server.keepalive
        tls = server.tls
        replicaOf = server.replicaOf
        isSuspect = true
    }

    var addressText: String { address.description }

    func failed() {
        guard let health else { return }
        isSuspect = true
        health.failed(name)
    }

    func answered() {
        isSuspect = false
        health?.answered(name)
    }

    /// Takes what may change while it is connected to.
    func take(_ other: ShardServer) {
        timeout = other.timeout
        connectTimeout = other.connectTimeout
        replicaOf = other.replicaOf
    }

    /// Opens a socket with `handler` on it, and does TLS's handshake. `completed` is called on the loop, once.
    func connect(
        on eventLoop: EpollEventLoop, handler: some ChannelInboundHandler,
        completed: @escaping (Result<Void, ShardError>) -> Void
    ) {
        var settings = SocketSettings()
        settings.isKeptAlive = keepalive
        settings.hearsEndAtOnce = false
        let target: StreamTarget
        do { target = try StreamTarget(address) } catch { return completed(.failure(.connect(Self.text(of: error)))) }
        var secured: EventLoopFuture<Void>?
        StreamConnector(eventLoop, within: connectTimeout, settings)
            .connect(to: target) { [self] channel in
                secured = try tls?.secure(channel, host: host, within: connectTimeout)
                try channel.pipeline.syncOperations.addHandler(handler)
            }
            .assumeIsolated()
            .flatMap { secured ?? $0.eventLoop.makeSucceededVoidFuture() }
            .whenComplete { completed($0.mapError { .connect(Self.text(of: $0)) }) }
    }

    private var host: String {
        switch address {
        case .network(let host, _): host
        case .unix(let path): path
        }
    }

    /// What an error of the network says, in a sentence without addresses.
    static func text(of error: any Error) -> String {
        switch error {
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case is NameLookupError: return "its name isn't known"
        case is ChannelError: return "it couldn't be reached in time"
        default: return "\(error)"
        }
    }
}
