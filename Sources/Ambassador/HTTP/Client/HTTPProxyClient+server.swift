// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import WireHTTP
import WireProxyProtocol

/// Which server gets the request, and what follows when it doesn't answer.
extension HTTPProxyClient {
    /// Waits for the server: as long as a try may take, and no longer than the request with all its tries.
    func expectResponse(_ expectation: HTTPProxyExpectation = .response) {
        guard responsePhase == .waiting, !exchange.isPausing else { return }
        let now = loop.now()
        let whole = exchange.route?.timeoutNanoseconds ?? loop.settings.responseTime
        if exchange.dueAt == .max, whole > 0, requestPhase == .complete { exchange.dueAt = now + whole }
        let time = exchange.route?.retry.perTryTimeout?.nanoseconds ?? whole
        expect(expectation, until: time > 0 ? min(now + time, exchange.dueAt) : exchange.dueAt)
    }

    /// Sends the request to the first server, if its upstream takes one more.
    func firstAttempt(_ upstream: Upstream) {
        exchange.attemptAt = loop.now()
        if let refusal = upstream.admit(now: exchange.attemptAt) {
            exchange.upstream = nil
            return answer(.serviceUnavailable, .runtime, "\(upstream.name): \(refusal)")
        }
        exchange.upstream = upstream
        attempt(upstream)
    }

    /// Sends the request to a server: the first one, or another after one that failed.
    private func attempt(_ upstream: Upstream) {
        let now = exchange.attemptAt
        guard let endpoint = upstream.pick(hash: exchange.hash, now: now, avoiding: exchange.endpoint) else {
            return answer(.serviceUnavailable, .upstream, "\(upstream.name) has no server")
        }
        exchange.endpoint = endpoint
        exchange.isOnServer = true
        exchange.attempts += 1
        if let trace = exchange.trace { beginTry(in: trace) }
        upstream.began(endpoint, isRetry: exchange.attempts > 1)
        let connections = loop.connections(to: endpoint, of: upstream)
        if let connection = connections.takeIdle() { return connected(connection) }
        // The connection's own time limit is shorter, unless it waits for others to end.
        expectResponse(.connection)
        exchange.waiter = connections.connect(self)
    }

    /// What a server that speaks the PROXY protocol hears first.
    var opening: ByteBuffer? {
        guard let version = exchange.upstream?.configuration.proxyProtocol else { return nil }
        var bytes = ByteBuffer()
        bytes.writeProxyProtocol(
            ProxyProtocolHeader(version, client: address, local: context?.channel.localAddress))
        return bytes
    }

    func connected(_ connection: RelayConnection) {
        exchange.waiter = nil
        exchange.connection = connection
        connection.begin(self)
        connection.write(bytesToSend)
        guard connection.isOpen else { return }
        expectBody()
        resumeReading()
    }

    /// What the server gets: if it is to see its own name, that is put in here, because another try may go elsewhere.
    private var bytesToSend: ByteBuffer {
        guard exchange.upstream?.host == .server, exchange.route?.host == nil,
            let endpoint = exchange.endpoint
        else { return exchange.sent }
        return exchange.sent.insertingHost("\(endpoint.identity.configured)")
    }

    func writabilityChanged(_ connection: RelayConnection) {
        if requestPhase == .body { expectBody() }
        resumeReading()
    }

    /// The server gave no whole response.
    func failed(_ failure: RelayFailure) {
        if responsePhase == .body { return abort(.serverDied) }
        if case .closed(isUnheard: true, wasIdle: true) = failure, exchange.mayBeRepeated { return resend() }
        let outcome = ExchangeOutcome(failure)
        endAttempt(outcome)
        if retries(after: outcome, isUnsent: failure.isUnsent) { return }
        let name = exchange.upstream?.name ?? ""
        switch failure {
        case .overloaded:
            let refusal = exchange.upstream?.refuseWaiting().description ?? ""
            answer(.serviceUnavailable, .runtime, "\(name): \(refusal)")
        case .connectTimeout: answer(.gatewayTimeout, .upstream, "no connection to \(name) in time")
        case .unreachable, .insecure: answer(.serviceUnavailable, .upstream, "\(name) can't be reached")
        case .closed: answer(.badGateway, .upstream, "\(name) closed the connection before it answered")
        case .malformed(let error):
            answer(.badGateway, .upstream, "\(name) didn't answer in HTTP/1.1: \(error.description)")
        }
    }

    func serverExpired() {
        endAttempt(.timedOut)
        if retries(after: .timedOut) { return }
        answer(.gatewayTimeout, .upstream, "\(exchange.upstream?.name ?? "") didn't answer in time")
    }

    // MARK: - Another try

    /// An idle connection may be closed just when it is used again. Then what may be done twice is sent again at once,
    /// and that is no try (RFC 9110, section 9.2.2), nor does it say anything of the server.
    private func resend() {
        guard let upstream = exchange.upstream else { return }
        // If it is a retry, it stays one.
        let isRetry = exchange.isRetry
        exchange.isRetry = false
        endAttempt(.abandoned)
        exchange.isRetry = isRetry
        exchange.attempts -= 1
        exchange.endpoint = nil
        exchange.attemptAt = loop.now()
        attempt(upstream)
    }

    /// Tries again, if the rules and the upstream's budget let it.
    func retries(after outcome: ExchangeOutcome, isUnsent: Bool = false) -> Bool {
        guard exchange.isReplayable, responsePhase == .waiting, let route = exchange.route,
            let upstream = exchange.upstream,
            route.retry.wantsAnother(
                after: outcome, method: exchange.method, tries: exchange.attempts, isUnsent: isUnsent)
        else { return false }
        let now = loop.now()
        guard now < exchange.dueAt, upstream.admitRetry(now: now) == nil else { return false }
        if let row = exchange.row { loop.counters.retried(row) }
        retry(upstream, after: route.retry.pause(afterTries: exchange.attempts, &loop.random))
        return true
    }

    private func retry(_ upstream: Upstream, after pause: TimeAmount) {
        let number = exchangeNumber
        exchange.isRetry = true
        exchange.isPausing = true
        deadline = .max
        loop.relay.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            // The client may have gone, or be with another request.
            guard number == self.exchangeNumber, !self.isClosed, self.exchange.hasBegun else { return }
            self.exchange.isPausing = false
            self.exchange.attemptAt = self.loop.now()
            self.attempt(upstream)
        }
    }

    /// Ends what is between this exchange and a server; the server's connection is of no use any more.
    func endAttempt(_ outcome: ExchangeOutcome) {
        deadline = .max
        exchange.waiter?.cancel()
        exchange.waiter = nil
        exchange.connection?.close()
        exchange.connection = nil
        note(outcome)
    }

    /// Tells the upstream how the try went.
    func note(_ outcome: ExchangeOutcome) {
        guard let upstream = exchange.upstream else { return }
        // Also one that never came to a server.
        if exchange.isRetry {
            exchange.isRetry = false
            upstream.retryCompleted()
        }
        guard exchange.isOnServer, let endpoint = exchange.endpoint else { return }
        exchange.isOnServer = false
        let now = loop.now()
        upstream.ended(endpoint, outcome, latency: now - exchange.attemptAt, now: now)
        exchange.trace?.endTry(outcome, upstream, endpoint)
    }
}

extension ExchangeOutcome {
    init(_ failure: RelayFailure) {
        self =
            switch failure {
            case .unreachable, .connectTimeout, .insecure: .connectFailed
            case .closed: .reset
            case .malformed: .malformed
            case .overloaded: .abandoned
            }
    }
}

extension RelayFailure {
    /// Whether no server can have seen the request.
    fileprivate var isUnsent: Bool {
        switch self {
        case .unreachable, .connectTimeout, .insecure: true
        case .closed, .malformed, .overloaded: false
        }
    }
}
