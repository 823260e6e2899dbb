// SPDX-License-Identifier: Apache-2.0

package import Proxying
package import WireHTTP

/// A server outside that is invoked by a name, as a document of `kind: HTTPEndpoint` says.
package struct HTTPEndpoint: Sendable {
    package var name: String
    /// Its path comes before that of each invocation.
    package var url: ServerURL
    /// Fields of each request; they replace the client's.
    package var fields: HTTPFields
    /// How an `https://` server is called.
    package var tls: TLSClient?

    package init(name: String, url: ServerURL, fields: HTTPFields = HTTPFields(), tls: TLSClient? = nil) {
        self.name = name
        self.url = url
        self.fields = fields
        self.tls = tls
    }
}
