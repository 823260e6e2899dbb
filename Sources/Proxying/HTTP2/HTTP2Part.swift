// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import NIOHPACK
import NIOHTTP2

/// A part of a message, as it travels through a stream; the last one says so.
package enum HTTP2Part: Sendable {
    /// The head, or the fields behind the body.
    case fields(HPACKHeaders, isLast: Bool)
    case data(ByteBuffer, isLast: Bool)

    package var isLast: Bool {
        switch self {
        case .fields(_, let isLast), .data(_, let isLast): isLast
        }
    }

    /// What it counts in limits.
    var bytes: Int {
        switch self {
        case .fields: 0
        case .data(let data, _): data.readableBytes
        }
    }
}

extension HTTP2Part {
    /// Nil for what isn't part of a message.
    init?(_ frame: HTTP2Frame.FramePayload) {
        switch frame {
        case .headers(let headers): self = .fields(headers.headers, isLast: headers.endStream)
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return nil }
            self = .data(bytes, isLast: data.endStream)
        default: return nil
        }
    }

    var frame: HTTP2Frame.FramePayload {
        switch self {
        case .fields(let fields, let isLast):
            .headers(HTTP2Frame.FramePayload.Headers(headers: fields, endStream: isLast))
        case .data(let data, let isLast):
            .data(HTTP2Frame.FramePayload.Data(data: .byteBuffer(data), endStream: isLast))
        }
    }
}
