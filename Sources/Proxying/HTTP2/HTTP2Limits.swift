// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOHTTP2

/// What HTTP/2 connections take, on both sides of a relay.
///
/// The rates bound what a peer can make us do; NIO's own defaults, 200 in 30 seconds, would end connections of gRPC's
/// own libraries, which probe the bandwidth with pings and reset each call that outlives its deadline.
package struct HTTP2Limits: Sendable {
    /// Streams of one client's connection at once; more wait at the client.
    package var streamsMax = 1000
    /// The fields of one head.
    package var headBytesMax = 80 << 10
    /// What a stream may have under way before its reader takes it.
    package var streamWindowBytes = 256 << 10
    /// The same for all streams of a connection.
    package var connectionWindowBytes = 4 << 20
    /// What waits for the socket before the other side isn't read from any more.
    package var unsentBytesMax = 64 << 10
    /// Of a request, as long as it may have to be sent a second time.
    package var keptBytesMax = 64 << 10
    /// Pings, settings and their like that come in 30 seconds.
    package var controlFramesMax = 30_000
    /// Streams that a peer resets, or that we have to, in 30 seconds.
    package var resetsMax = 30_000
    /// Streams that were reset of late, of which a peer may still send parts that it sent before it knew.
    package var recentResetsMax = 1000
    /// A client's connection without streams is closed, in order, after this.
    package var idleTimeout = TimeAmount.minutes(5)
    /// A client that says nothing is asked for a sign of life this often,
    package var pingInterval = TimeAmount.minutes(1)
    /// and has so long to give one.
    package var pingTimeout = TimeAmount.seconds(20)
    /// At the listener's end, what streams take longer than this is cut off.
    package var drainTimeout = TimeAmount.seconds(10)
    /// A connection to an upstream that is idle for so long is closed.
    package var upstreamIdleTimeout = TimeAmount.minutes(5)
    /// Streams that one connection to an upstream carries before a new one takes its place; their numbers end at 2^31.
    package var upstreamStreamsMax = 1 << 29
    /// Streams at once on the connection to an upstream, of each event loop.
    package var upstreamStreamsOpenMax = 10_000

    package init() {}

    func configuration(_ mode: NIOHTTP2Handler.ParserMode) -> NIOHTTP2Handler.Configuration {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxHeaderListSize, value: headBytesMax),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindowBytes),
        ]
        switch mode {
        case .server:
            connection.initialSettings.append(HTTP2Setting(parameter: .maxConcurrentStreams, value: streamsMax))
        case .client: connection.initialSettings.append(HTTP2Setting(parameter: .enablePush, value: 0))
        }
        connection.targetWindowSize = connectionWindowBytes
        connection.controlFrameRateLimit.maximumCount = controlFramesMax
        connection.maximumRecentlyResetStreams = recentResetsMax
        // A reset that crosses what the peer still sends isn't an attack.
        connection.maximumConnectionGlitches = .max
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.targetWindowSize = streamWindowBytes
        stream.outboundBufferSizeHighWatermark = unsentBytesMax
        stream.outboundBufferSizeLowWatermark = unsentBytesMax / 2
        stream.streamResetFrameRateLimit.maximumCount = resetsMax
        stream.streamErrorRateLimit.maximumCount = resetsMax
        return NIOHTTP2Handler.Configuration(connection: connection, stream: stream)
    }
}

extension Error {
    /// Whether an error that came up a connection concerns but one of its streams, where it is dealt with.
    ///
    /// NIO resets a stream whose fields or length are wrong, and then says what was wrong as it says what ends the
    /// connection; RFC 9113, section 8.1.1, has such a message end its stream alone.
    var isOfOneStream: Bool {
        switch self {
        case is NIOHTTP2Errors.StreamError, is NIOHTTP2Errors.StreamClosed, is NIOHTTP2Errors.NoSuchStream: true
        default: isOfOneMessage
        }
    }

    private var isOfOneMessage: Bool {
        switch self {
        case is NIOHTTP2Errors.MissingPseudoHeader, is NIOHTTP2Errors.DuplicatePseudoHeader,
            is NIOHTTP2Errors.PseudoHeaderAfterRegularHeader, is NIOHTTP2Errors.UnknownPseudoHeader,
            is NIOHTTP2Errors.UnsupportedPseudoHeader, is NIOHTTP2Errors.InvalidPseudoHeaders,
            is NIOHTTP2Errors.InvalidPseudoHeaderValue, is NIOHTTP2Errors.MissingHostHeader,
            is NIOHTTP2Errors.DuplicateHostHeader, is NIOHTTP2Errors.EmptyPathHeader,
            is NIOHTTP2Errors.InvalidStatusValue, is NIOHTTP2Errors.InvalidHTTP2HeaderFieldName,
            is NIOHTTP2Errors.InvalidHTTP2HeaderFieldValue, is NIOHTTP2Errors.ForbiddenHeaderField,
            is NIOHTTP2Errors.TrailersWithoutEndStream, is NIOHTTP2Errors.ContentLengthViolated,
            is NIOHTTP2Errors.ContentLengthHeadersMismatch, is NIOHTTP2Errors.ContentLengthHeaderNegative,
            is NIOHTTP2Errors.ContentLengthHeaderMalformedValue:
            true
        default: false
        }
    }
}
