// SPDX-License-Identifier: Apache-2.0

/// The limits of `tracestate` (W3C Trace Context, section 3.3): it is passed on as it came, or not at all.
package enum TraceState {
    package static let membersMax = 32
    /// A longer text loses members from its end, where the oldest are.
    package static let bytesMax = 512

    /// What may be kept of a text: nothing if it isn't a list of visible ASCII, or has too many members.
    package static func bounded(_ text: String) -> String {
        if text.isEmpty { return text }
        var members = 1
        var end = 0
        for (offset, byte) in text.utf8.enumerated() {
            guard (0x20...0x7E).contains(byte) || byte == 0x09 else { return "" }
            guard byte == UInt8(ascii: ",") else { continue }
            members += 1
            if offset <= bytesMax { end = offset }
        }
        guard members <= membersMax else { return "" }
        return text.utf8.count <= bytesMax ? text : String(text.utf8.prefix(end)) ?? ""
    }
}
