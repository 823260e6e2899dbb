// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying
import WireHTTP

/// Copies the requests of one route to a shadow, on one event loop.
///
/// `begin` (chosen, head kept) → `MirroredRequest` (bodies kept) → at the response's end `send` (queue, pace) →
/// `MirrorCall` → `Comparator`. A copy goes out only when the real response has been written, if it can when no other
/// is waited for, and nothing real waits for it: what can't be kept or sent is dropped and counted.
final class Mirror {
    private typealias Copy = (request: MirroredRequest, primary: Upstream?)

    let compares: Bool
    /// Of one message.
    let keptBytesMax: Int
    /// Of all requests, and their responses, that pass, wait or are on their way: as if each copy that may be were as
    /// long as it may be.
    private let heldBytesMax: Int
    // Safe: plain numbers of one loop's thread.
    @exclusivity(unchecked) private var heldBytes = 0
    // Safe: plain numbers of one loop's thread.
    @exclusivity(unchecked) var counters = MirrorCounters()

    let configuration: MirrorConfiguration
    /// The route's name.
    let route: String
    let shadow: Upstream
    private let loop: RelayLoop
    private let connections: (Endpoint, Upstream) -> RelayConnections
    private let comparator: Comparator?
    private let configuredHost: ByteBuffer?
    private let timeout: Int64
    private let isBusy: () -> Bool
    private var queue: MirrorQueue<Copy>
    private var pace = MirrorPace<Copy>()
    private var random: SmallGenerator
    private var scan: HTTPHeadScan
    /// Requests that may be asked again, for `noise-every`.
    private var repeatable = 0
    /// The calls whose time isn't over.
    private var calls: [ObjectIdentifier: MirrorCall] = [:]
    private var sweep: Scheduled<Void>?

    /// - Parameters:
    ///   - connections: those of the loop to an endpoint.
    ///   - comparator: of the route, for all loops; nil if nothing is compared.
    ///   - isBusy: whether somebody waits for a response on the loop.
    init(
        _ configuration: MirrorConfiguration, of route: String, to shadow: Upstream, on loop: RelayLoop,
        comparator: Comparator?, seed: UInt64 = .random(in: 0 ... .max), isBusy: @escaping () -> Bool,
        connections: @escaping (Endpoint, Upstream) -> RelayConnections
    ) {
        self.route = route
        self.configuration = configuration
        self.shadow = shadow
        self.loop = loop
        self.comparator = comparator
        self.connections = connections
        self.isBusy = isBusy
        compares = comparator != nil
        keptBytesMax = configuration.body.bytes
        heldBytesMax = configuration.queue * keptBytesMax * (comparator == nil ? 1 : 2)
        configuredHost = configuration.host.map { ByteBuffer(string: $0) }
        timeout = TimeAmount(configuration.timeout).nanoseconds
        queue = MirrorQueue(countMax: configuration.queue)
        random = SmallGenerator(seed: seed)
        // The client's head was within the limits; what was put in since is ours.
        scan = HTTPHeadScan(.none)
    }

    // MARK: - While the request passes

    /// Begins to keep a request, if it is to be copied.
    ///
    /// - Parameters:
    ///   - original: the head as it came, at the beginning of `bytes`.
    ///   - head: as it is sent to the client's server.
    ///   - namesServer: whether that is to see its own name, which isn't there yet.
    func begin(
        _ original: borrowing HTTPHeadScan, _ bytes: ByteBuffer, head: ByteBuffer, namesServer: Bool
    ) -> MirroredRequest? {
        let span = bytes.readableBytesUInt8Span
        guard configuration.percent.includes(random.next()), !MirroredHead.isMarked(original, span) else { return nil }
        let method = span.extracting(original.method)
        guard isCopied(method) else { return nil }
        if let refusal = queue.refusal(at: now) {
            count(refusal)
            return nil
        }
        guard (original.contentLength ?? 0) <= keptBytesMax else {
            count(.long)
            return nil
        }
        let host = namesServer ? original.host.map(bytes.copy) : nil
        let isHead = method.isSame(as: "HEAD".utf8.span)
        let isSafe = isHead || method.isSame(as: "GET".utf8.span)
        return MirroredRequest(head, host: host, of: self, isHead: isHead, isRepeated: isRepeated(isSafe))
    }

    private func isCopied(_ method: borrowing Span<UInt8>) -> Bool {
        // A tunnel has no response that ends.
        guard !method.isSame(as: "CONNECT".utf8.span) else { return false }
        guard configuration.methods.isEmpty else {
            for name in configuration.methods where method.isSame(as: name.utf8.span) { return true }
            return false
        }
        return !compares || method.isSame(as: "GET".utf8.span) || method.isSame(as: "HEAD".utf8.span)
    }

    private func isRepeated(_ isSafe: Bool) -> Bool {
        guard compares, isSafe else { return false }
        repeatable += 1
        return repeatable.isMultiple(of: configuration.noiseEvery)
    }

    /// Takes so much of what may be held; false if there isn't as much.
    func hold(_ count: Int) -> Bool {
        guard heldBytes + count <= heldBytesMax else { return false }
        heldBytes += count
        return true
    }

    /// Gives it back.
    func release(_ count: Int) { heldBytes -= count }

    func count(_ drop: MirrorDrop) {
        switch drop {
        case .full: counters.full += 1
        case .long: counters.long += 1
        case .unreachable: counters.unreachable += 1
        }
    }

    // MARK: - Sending

    /// Copies that wait or are on their way.
    var heldCopies: Int { queue.count }

    /// Sends a copy, or has it wait, or drops it.
    func send(_ request: MirroredRequest, primary: Upstream?) {
        switch queue.admit((request, primary), at: now) {
        case .drop(let drop): count(drop)
        case .wait: break
        case .send: sendLater(request, primary)
        }
    }

    private func sendLater(_ request: MirroredRequest, _ primary: Upstream?) {
        if pace.add((request, primary), at: now) { schedulePace() }
    }

    private func schedulePace() {
        loop.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(MirrorPace<Copy>.pause)) { self.sendSome() }
    }

    private func sendSome() {
        for _ in 0..<pace.dueCount(at: now, isBusy: isBusy()) {
            if let (request, primary) = pace.next() { start(request, primary) }
        }
        if pace.looked() { schedulePace() }
    }

    private func start(_ request: MirroredRequest, _ primary: Upstream?) {
        let now = now
        guard let head = request.readHead(&scan) else {
            // No route may put in what makes this of a head.
            counters.failed += 1
            return withdraw()
        }
        guard shadow.admit(now: now) == nil else {
            count(.full)
            return withdraw()
        }
        guard let endpoint = shadow.pick(hash: random.next(), now: now) else {
            shadow.completed()
            count(.unreachable)
            return dropWaiting(queue.failed(isUnreachable: true, at: now))
        }
        counters.sent += 1
        request.outstanding = 1
        if request.isRepeated, request.response != nil, let primary { askAgain(request, head, primary, now) }
        var isReached = false
        let call = MirrorCall(
            .shadow, shadow, endpoint, isHead: request.isHead,
            keptBytesMax: request.response == nil ? 0 : keptBytesMax, at: now
        ) { [self] call, result in
            calls[ObjectIdentifier(call)] = nil
            shadowEnded(request, result, isReached: isReached)
        }
        call.reached = { [self] in
            isReached = true
            queue.reached()
            startWaiting()
        }
        watch(call)
        call.send(
            head.bytes(for: .shadow, host: configuredHost ?? host(of: head, shadow, endpoint), body: request.body),
            over: connections(endpoint, shadow))
    }

    /// A copy that was to be sent isn't; those that waited for what becomes of it wait no longer.
    private func withdraw() {
        queue.withdrawn()
        startWaiting()
    }

    /// What the client's server would say if it were asked once more. It isn't where that would be at the cost of
    /// clients: half of every limit is theirs alone.
    private func askAgain(
        _ request: MirroredRequest, _ head: MirroredHead, _ primary: Upstream, _ now: Int64
    ) {
        guard primary.hasSpareRoom, let endpoint = primary.pick(hash: random.next(), now: now),
            connections(endpoint, primary).hasSpareRoom, primary.admit(now: now) == nil
        else { return }
        counters.repeated += 1
        request.outstanding += 1
        let call = MirrorCall(.again, primary, endpoint, isHead: request.isHead, keptBytesMax: keptBytesMax, at: now) {
            [self] call, result in
            calls[ObjectIdentifier(call)] = nil
            if case .answered(let response) = result { request.again = response }
            if request.outstanding == 1 { queue.lingered() }
            answered(request)
        }
        watch(call)
        call.send(
            head.bytes(for: .again, host: host(of: head, primary, endpoint), body: request.body),
            over: connections(endpoint, primary))
    }

    private func host(of head: MirroredHead, _ upstream: Upstream, _ endpoint: Endpoint) -> ByteBuffer {
        upstream.host == .server || head.host.readableBytes == 0
            ? ByteBuffer(string: "\(endpoint.identity.configured)") : head.host
    }

    private func shadowEnded(_ request: MirroredRequest, _ result: MirrorCall.Result, isReached: Bool) {
        switch result {
        case .answered(let response):
            counters.answered += 1
            if request.response != nil, response == nil { counters.longResponses += 1 }
            request.candidate = response
            queue.answered()
        case .unreachable:
            counters.unreachable += 1
            dropWaiting(queue.failed(isUnreachable: true, at: now))
        case .failed:
            counters.failed += 1
            dropWaiting(queue.failed(isUnreachable: false, at: now))
        case .expired:
            counters.expired += 1
            dropWaiting(queue.failed(isUnreachable: !isReached, at: now))
        }
        if request.outstanding > 1 { queue.lingers() }
        answered(request)
        startWaiting()
    }

    private func startWaiting() {
        while let (request, primary) = queue.next() { sendLater(request, primary) }
    }

    private func dropWaiting(_ waiting: [Copy]) {
        counters.unreachable += UInt64(waiting.count)
    }

    /// One of the answers that were asked for is there, or never will be.
    private func answered(_ request: MirroredRequest) {
        request.outstanding -= 1
        guard request.outstanding == 0, let primary = request.response, let candidate = request.candidate,
            let (method, path) = request.readHead(&scan)?.words
        else { return }
        comparator?.offer(
            ComparedExchange(
                method: method, path: path, primary: primary, candidate: candidate, again: request.again))
    }

    // MARK: - Time

    private var now: Int64 { loop.clock.now }

    private func watch(_ call: MirrorCall) {
        calls[ObjectIdentifier(call)] = call
        if sweep == nil { scheduleSweep() }
    }

    /// All calls are looked at together: a timer for each would be dearer than one that is a little late.
    private func scheduleSweep() {
        let pause = TimeAmount.nanoseconds(max(timeout / 8, 1_000_000))
        sweep = loop.eventLoop.assumeIsolated().scheduleTask(in: pause) { self.expire() }
    }

    private func expire() {
        sweep = nil
        let limit = now - timeout
        for call in Array(calls.values) where call.startedAt <= limit { call.expire() }
        if !calls.isEmpty { scheduleSweep() }
    }
}
