// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying
import WireHTTP

/// From a request's bytes to a server that gets them.
extension HTTPProxyClient {
    /// Takes a head, if it is whole, and begins what follows from it.
    ///
    /// - Returns: Whether anything was taken.
    func receiveHead(_ bytes: inout ByteBuffer) -> Bool {
        if !hasPartOfHead, bytes.readableBytesUInt8Span[0] == 0x0D, !passEmptyLines(&bytes) { return false }
        do throws(HTTPSyntaxError) {
            if hasPartOfHead, !headEnd.isFound(in: bytes.readableBytesUInt8Span) { return false }
            guard let length = try loop.requestScan.scanRequest(bytes.readableBytesUInt8Span) else {
                keepPartOfHead(bytes)
                return false
            }
            hasPartOfHead = false
            begin(&bytes, length)
        } catch {
            loop.counters.clients.malformed += 1
            answerUnasked(error.status, .client, error.description)
            return false
        }
        return true
    }

    /// Old clients send an empty line behind a body (RFC 9112, section 2.2): it begins no request, and no time.
    ///
    /// - Returns: Whether something follows that may begin one.
    private func passEmptyLines(_ bytes: inout ByteBuffer) -> Bool {
        while let (first, second) = bytes.peekMultipleIntegers(as: (UInt8, UInt8).self), first == 0x0D, second == 0x0A {
            bytes.moveReaderIndex(forwardBy: 2)
        }
        // One byte may be half of such a line.
        return bytes.readableBytes > 1 || bytes.peekInteger(as: UInt8.self).map { $0 != 0x0D } ?? false
    }

    private func keepPartOfHead(_ bytes: ByteBuffer) {
        if !hasPartOfHead { expect(.head, within: loop.settings.headTime) }
        hasPartOfHead = true
        headEnd = HTTPHeadEnd(loop.settings.syntax)
        _ = headEnd.isFound(in: bytes.readableBytesUInt8Span)
    }

    func beginExchange() {
        if let throttle, throttle.isEmpty { self.throttle = nil }
        assert(!exchange.hasBegun)
        exchange.hasBegun = true
        exchangeNumber += 1
        exchange.startedAt = loop.now()
        loop.counters.inFlight += 1
        responsePhase = .waiting
        deadline = .max
    }

    private func begin(_ bytes: inout ByteBuffer, _ length: Int) {
        beginExchange()
        if let tracer = loop.tracer { beginTrace(bytes, tracer) }
        if let log = loop.accessLog { noteRequest(bytes, in: log) }
        let scan = loop.requestScan
        exchange.isHTTP10 = scan.version == .http10
        // Clients of HTTP/1.0 read a response up to the end of the connection, whatever else they ask for.
        closesAfterResponse = exchange.isHTTP10 || scan.connection.contains(.close) || loop.isDraining
        noteMethod(bytes, scan)
        requestBody = HTTPBodyScan(scan.requestFraming, loop.settings.syntax)
        requestPhase = requestBody.isEnded ? .complete : .body
        if exchange.isConnect {
            // What follows may be meant for the tunnel, also if there is to be none.
            closesAfterResponse = true
            guard loop.settings.allowsConnect else {
                return answer(.methodNotAllowed, .runtime, "CONNECT is not allowed here")
            }
        }
        if let length = scan.contentLength, length > loop.settings.bodyBytesMax {
            return answer(.contentTooLarge, .client, "the body is longer than the limit")
        }
        guard let route = findRoute(bytes, scan) else { return bytes.moveReaderIndex(forwardBy: length) }
        exchange.route = route
        if let faults = loop.faults[route.index], meet(faults, &bytes, length) { return }
        take(&bytes, length, scan, route)
    }

    /// Answers if there is none.
    func findRoute(_ bytes: ByteBuffer, _ scan: borrowing HTTPHeadScan) -> Route? {
        do throws(HTTPSyntaxError) {
            let route = try loop.table.match(scan, bytes.readableBytesUInt8Span, isSecure: isSecure)
            if route == nil { answer(.notFound, .runtime, "no route matches") }
            return route
        } catch {
            loop.counters.clients.malformed += 1
            answer(error.status, .client, error.description)
            return nil
        }
    }

    private func noteMethod(_ bytes: ByteBuffer, _ scan: borrowing HTTPHeadScan) {
        let name = bytes.readableBytesUInt8Span.extracting(scan.method)
        let method = RetryMethod(name)
        exchange.method = method
        exchange.isHead = method == .head
        exchange.isConnect = method == nil && name.isSame(as: "CONNECT".utf8.span)
    }

    func take(_ bytes: inout ByteBuffer, _ length: Int, _ scan: borrowing HTTPHeadScan, _ route: Route) {
        switch route.action {
        case .forward(let split):
            let index = split.choose(
                scan, bytes.readableBytesUInt8Span,
                address: split.isByAddress ? clientHash(bytes, scan) : addressHash,
                sequence: &loop.sequences[route.index])
            exchange.row = loop.counters.row(route: route.index, upstream: index)
            if let key = loop.balanceKeys[index] {
                exchange.hash =
                    key.hash(
                        of: scan, bytes.readableBytesUInt8Span,
                        addressHash: key.isAddress ? clientHash(bytes, scan) : addressHash)
                    ?? loop.random.next()
            }
            forward(&bytes, length, scan, route, to: loop.upstreams[index])
        case .redirect, .respond:
            exchange.row = loop.counters.row(route: route.index, upstream: nil)
            let head = bytes
            bytes.moveReaderIndex(forwardBy: length)
            answer(route, head, scan)
        }
    }

    /// A hash of who the client is, by the word of the proxies that are trusted.
    private func clientHash(_ bytes: ByteBuffer, _ scan: borrowing HTTPHeadScan) -> UInt64 {
        let span = bytes.readableBytesUInt8Span
        guard let client = forwarded.client(scan, span) else { return addressHash }
        return StableHash.of(span.text(client))
    }

    private func forward(
        _ bytes: inout ByteBuffer, _ length: Int, _ scan: borrowing HTTPHeadScan, _ route: Route, to upstream: Upstream
    ) {
        var out = loop.relay.outputs.take()
        let trace = loop.tracer == nil ? nil : contextToPassOn(route)
        RequestHeadEdit(
            route: route, upstream: upstream, forwarded: forwarded, trace: trace,
            clientCertificate: loop.settings.clientCertificate,
            certificateSubject: loop.settings.clientCertificate == nil ? nil : certificateSubject
        ).write(bytes, length, scan, asksForUpgrade: &exchange.asksForUpgrade, into: &out)
        if trace != nil { exchange.trace?.noteHead(endingAt: out.writerIndex) }
        if let mirror = loop.mirrors[route.index], !exchange.asksForUpgrade {
            exchange.mirrored = mirror.begin(scan, bytes, head: out, namesServer: upstream.host == .server)
        }
        bytes.moveReaderIndex(forwardBy: length)
        exchange.sent = out
        if requestPhase == .body, bytes.readableBytes > 0 { receiveBody(&bytes) }
        guard responsePhase == .waiting, !isClosed else { return }
        firstAttempt(upstream)
    }

    // MARK: - The body

    /// Passes on what of the body is in `bytes`.
    func receiveBody(_ bytes: inout ByteBuffer) {
        let count: Int
        do throws(HTTPSyntaxError) {
            let step = try requestBody.advance(
                over: bytes.readableBytesUInt8Span, refusing: loop.settings.clientCertificate?.folded)
            count = step.count
            if step.isEnd { requestPhase = .complete }
        } catch {
            loop.counters.clients.malformed += 1
            return answer(error.status, .client, error.description)
        }
        exchange.requestBytes += count
        guard requestBody.payloadBytes <= loop.settings.bodyBytesMax else {
            return answer(.contentTooLarge, .client, "the body is longer than the limit")
        }
        guard let part = bytes.readSlice(length: count) else { return }
        exchange.mirrored?.receiveRequest(part)
        sendBody(part)
        expectBody()
    }

    private func sendBody(_ part: ByteBuffer) {
        guard responsePhase == .waiting || exchange.connection != nil else { return }
        let isConnected = exchange.connection != nil
        if exchange.isReplayable {
            if !isConnected
                || exchange.sent.readableBytes + part.readableBytes
                    <= exchange.route?.retry.bodyBytesMax ?? 0
            {
                exchange.sent.writeImmutableBuffer(part)
            } else {
                exchange.isReplayable = false
                exchange.sent = ByteBuffer()
            }
        }
        if isConnected { exchange.connection?.write(part) }
    }

    /// Waits for whoever is next: the client, for its next bytes, unless it is the server that takes none.
    func expectBody() {
        guard exchange.hasBegun else { return }
        if requestPhase == .body, takesBody {
            expect(.body, within: loop.settings.bodyTime)
        } else if responsePhase == .waiting {
            expectResponse()
        } else if isWritable {
            expectMore()
        }
    }

    // MARK: - Tunnels

    func sendTunneled(_ bytes: ByteBuffer) {
        exchange.requestBytes += bytes.readableBytes
        exchange.connection?.write(bytes)
        expect(.tunnel, within: loop.settings.tunnelTime)
    }
}
