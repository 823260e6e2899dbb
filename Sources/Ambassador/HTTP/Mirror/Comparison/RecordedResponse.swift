// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import WireHTTP

/// A response that was kept to be compared.
package struct RecordedResponse: Sendable, Equatable {
    package var status: Int
    package var fields: HTTPFields
    /// Without the framing of chunks.
    package var body: ByteBuffer

    package init(status: Int, fields: HTTPFields = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// Reads a response as it came over a connection, from its head on. Nil for what isn't one whole response to a
    /// request of that method.
    package init?(_ bytes: ByteBuffer, to method: String) {
        var decoder = HTTPResponseDecoder()
        decoder.method = HTTPMethod(method)
        decoder.feed(bytes)
        var response: RecordedResponse?
        do throws(HTTPSyntaxError) {
            while let part = try decoder.next() {
                switch part {
                case .head(let head): response = RecordedResponse(status: Int(head.status.code), fields: head.fields)
                case .body(let bytes): response?.body.writeImmutableBuffer(bytes)
                case .end:
                    guard let response else { return nil }
                    self = response
                    return
                }
            }
        } catch { return nil }
        guard let response, decoder.endOfInput() else { return nil }
        self = response
    }

    /// Whether the body can be read as JSON: it says that it is, and isn't compressed.
    var isJSON: Bool {
        guard let type = fields["content-type"], (fields["content-encoding"] ?? "identity") == "identity" else {
            return false
        }
        let name = type.prefix { $0 != ";" }.filter { !$0.isWhitespace }.lowercased()
        return name == "application/json" || name.hasSuffix("+json")
    }
}
