// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import WireHTTP
import WireProxyProtocol

/// One copy on its way: a request to an upstream whose response reaches no client.
final class MirrorCall: RelayReceiver {
    enum Result {
        /// The response as it came; nil if it was too long to be kept, or isn't wanted.
        case answered(ByteBuffer?)
        case unreachable
        case failed
        case expired
    }

    private let purpose: MirroredHead.Purpose
    private let upstream: Upstream
    private let endpoint: Endpoint
    private let isHead: Bool
    /// Bytes of the response that are kept; 0 is none.
    private let keptBytesMax: Int
    /// What is read at most of a response that isn't kept, so that the connection can be used again.
    private static let readBytesMax = 1 << 20
    /// Is called once, with the end.
    private var ended: ((MirrorCall, Result) -> Void)?
    private var waiter: RelayWaiter?
    private var connection: RelayConnection?
    /// What is sent when there is a connection.
    private var request = ByteBuffer()
    private var response = ByteBuffer()
    private var readBytes = 0
    private var isLong = false
    let startedAt: Int64
    private var status = 0
    /// Is called when a connection is there.
    var reached: (() -> Void)?

    /// Begins on an endpoint that the upstream has picked.
    init(
        _ purpose: MirroredHead.Purpose, _ upstream: Upstream, _ endpoint: Endpoint, isHead: Bool, keptBytesMax: Int,
        at now: Int64, ended: @escaping (MirrorCall, Result) -> Void
    ) {
        self.purpose = purpose
        self.upstream = upstream
        self.endpoint = endpoint
        self.isHead = isHead
        self.keptBytesMax = keptBytesMax
        self.ended = ended
        startedAt = now
    }

    /// Sends the request as soon as there is a connection.
    func send(_ request: ByteBuffer, over connections: RelayConnections) {
        upstream.began(endpoint)
        self.request = request
        if let idle = connections.takeIdle() { return connected(idle) }
        waiter = connections.connect(self)
    }

    /// What a server that speaks the PROXY protocol hears first: the connection is our own, not a client's.
    var opening: ByteBuffer? {
        upstream.configuration.proxyProtocol.map { version in
            var bytes = ByteBuffer()
            bytes.writeProxyProtocol(ProxyProtocolHeader(version, nil))
            return bytes
        }
    }

    /// The time is over.
    func expire() { end(.expired, .timedOut) }

    // MARK: - What the connection says

    func connected(_ connection: RelayConnection) {
        waiter = nil
        guard ended != nil else { return connection.release() }
        self.connection = connection
        reached?()
        connection.begin(self)
        connection.write(request)
        request = ByteBuffer()
    }

    func receiveHead(_ bytes: ByteBuffer, length: Int, _ scan: borrowing HTTPHeadScan) -> RelayBody {
        // No copy asks for another protocol.
        guard scan.status != 101 else {
            end(.failed, .malformed)
            return .refused
        }
        guard scan.status >= 200 else { return .interim }
        status = scan.status
        keep(bytes, length)
        return RelayBody(scan, answersHead: isHead)
    }

    func receiveBody(_ bytes: ByteBuffer) {
        readBytes += bytes.readableBytes
        keep(bytes, bytes.readableBytes)
        guard readBytes > max(Self.readBytesMax, keptBytesMax) else { return }
        isLong = true
        connection?.close()
        connection = nil
        end(.answered(nil), .answered(status: status))
    }

    private func keep(_ bytes: ByteBuffer, _ count: Int) {
        guard keptBytesMax > 0, !isLong else { return }
        isLong = response.readableBytes + count > keptBytesMax
        if isLong {
            response = ByteBuffer()
        } else {
            // A copy: the buffer is for the next that is read.
            response.writeBytes(bytes.readableBytesView.prefix(count))
        }
    }

    func receiveEnd(keepsConnection: Bool) {
        let connection = connection
        self.connection = nil
        if keepsConnection { connection?.release() } else { connection?.close() }
        end(.answered(isLong || keptBytesMax == 0 ? nil : response), .answered(status: status))
    }

    func receivedAll() {}

    func writabilityChanged(_ connection: RelayConnection) {}

    func failed(_ failure: RelayFailure) {
        switch failure {
        case .unreachable, .connectTimeout, .insecure: end(.unreachable, .connectFailed)
        case .overloaded: end(.failed, .abandoned)
        case .closed: end(.failed, .reset)
        case .malformed: end(.failed, .malformed)
        }
    }

    private func end(_ result: Result, _ outcome: ExchangeOutcome) {
        guard let ended else { return }
        self.ended = nil
        reached = nil
        waiter?.cancel()
        waiter = nil
        connection?.close()
        connection = nil
        let now = Int64(bitPattern: NIODeadline.now().uptimeNanoseconds)
        // What is asked again speaks neither for nor against a server that has clients.
        upstream.ended(
            endpoint, purpose == .again ? .abandoned : outcome, latency: now - startedAt, now: now)
        upstream.completed()
        ended(self, result)
    }
}
