// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import WireHTTP

/// What is kept of a request that is copied, and of the response to it, while both pass.
final class MirroredRequest {
    /// The head as it went to the client's server: read when the copy is sent, and not before the request is.
    private let sentHead: ByteBuffer
    /// The host that the client asked for, if `sentHead` doesn't say it.
    private let host: ByteBuffer?
    let isHead: Bool
    /// Whether the servers it belongs to are asked again.
    let isRepeated: Bool
    private let mirror: Mirror
    private(set) var body = ByteBuffer()
    /// What the client's server said, as it came; nil if it isn't to be compared.
    private(set) var response: ByteBuffer?
    /// It isn't to be copied any more, as it is too long, or too much is kept.
    private var isGivenUp = false
    /// What the shadow said, and what the client's servers said when they were asked again.
    var candidate: ByteBuffer?
    var again: ByteBuffer?
    /// Answers that are still to come.
    var outstanding = 0

    init(_ sentHead: ByteBuffer, host: ByteBuffer?, of mirror: Mirror, isHead: Bool, isRepeated: Bool) {
        self.sentHead = sentHead
        self.host = host
        self.mirror = mirror
        self.isHead = isHead
        self.isRepeated = isRepeated
        response = mirror.compares ? ByteBuffer() : nil
    }

    deinit { mirror.release(body.readableBytes + (response?.readableBytes ?? 0)) }

    /// The head, taken apart; nil for one that isn't whole.
    func readHead(_ scan: inout HTTPHeadScan) -> MirroredHead? {
        MirroredHead(sentHead, scan: &scan, host: host ?? ByteBuffer())
    }

    /// Keeps a part of the request's body, as it came.
    func receiveRequest(_ part: ByteBuffer) {
        guard !isGivenUp else { return }
        guard body.readableBytes + part.readableBytes <= mirror.keptBytesMax else { return giveUp(.long) }
        guard mirror.hold(part.readableBytes) else { return giveUp(.full) }
        // A copy: the buffer that it came in is for what is read next.
        body.writeBytes(part.readableBytesView)
    }

    /// Keeps a part of the response, the first bytes of `bytes`, as they came.
    func receiveResponse(_ bytes: ByteBuffer, length: Int) {
        guard let kept = response?.readableBytes else { return }
        guard kept + length <= mirror.keptBytesMax else {
            mirror.counters.longResponses += 1
            return forgetResponse()
        }
        guard mirror.hold(length) else { return giveUp(.full) }
        response?.writeBytes(bytes.readableBytesView.prefix(length))
    }

    private func giveUp(_ reason: MirrorDrop) {
        isGivenUp = true
        mirror.count(reason)
        mirror.release(body.readableBytes)
        body = ByteBuffer()
        forgetResponse()
    }

    private func forgetResponse() {
        mirror.release(response?.readableBytes ?? 0)
        response = nil
    }

    /// The request and its response are over: its copy goes out.
    ///
    /// - Parameters:
    ///   - primary: where the request belongs.
    ///   - isWhole: whether all of the request came.
    ///   - isAnswered: whether the client got a server's whole response.
    func end(primary: Upstream?, isWhole: Bool, isAnswered: Bool) {
        guard isWhole, !isGivenUp else { return }
        if !isAnswered { forgetResponse() }
        mirror.send(self, primary: primary)
    }
}
