// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import Proxying
import WireHTTP

/// What of a proxy's configuration every request needs, as numbers and bytes.
struct HTTPProxySettings: Sendable {
    /// How long a connection that ends is still listened to, so that the client can read its last response.
    static let lingeringTime: Int64 = 1_000_000_000

    let syntax: HTTPSyntaxLimits
    /// Times are nanoseconds; 0 is for ever.
    let headTime: Int64
    let bodyTime: Int64
    let idleTime: Int64
    let responseTime: Int64
    let tunnelTime: Int64
    let bodyBytesMax: Int
    let clientsMax: Int
    let allowsConnect: Bool
    let forwarding: ForwardingConfiguration
    /// Nil: servers aren't told of clients' certificates.
    let clientCertificate: ClientCertificateField?
    /// `Strict-Transport-Security` as a line, for responses over TLS.
    let strictTransportLine: ByteBuffer?
    /// `Server` as a line, in the place of the server's own.
    let serverLine: ByteBuffer?

    init(_ configuration: HTTPProxyConfiguration) {
        var syntax = HTTPSyntaxLimits()
        syntax.headBytesMax = Int(configuration.limits.head.bytes)
        syntax.lineBytesMax = Int(configuration.limits.line.bytes)
        syntax.fieldCountMax = configuration.limits.fields
        self.syntax = syntax
        headTime = TimeAmount(configuration.timeouts.head).nanoseconds
        bodyTime = TimeAmount(configuration.timeouts.body).nanoseconds
        idleTime = TimeAmount(configuration.timeouts.idle).nanoseconds
        responseTime = TimeAmount(configuration.timeouts.response).nanoseconds
        tunnelTime = TimeAmount(configuration.timeouts.tunnel).nanoseconds
        let body = Int(configuration.limits.body.bytes)
        bodyBytesMax = body == 0 ? .max : body
        clientsMax = configuration.limits.clients
        allowsConnect = configuration.allowsConnect
        forwarding = configuration.forwarding
        clientCertificate = configuration.forwarding.clientCertificateHeader.map { ClientCertificateField($0) }
        strictTransportLine = Self.strictTransport(configuration.hsts)
        serverLine = configuration.server.map { ByteBuffer(string: "server: \($0)\r\n") }
    }

    private static func strictTransport(_ hsts: HSTSConfiguration) -> ByteBuffer? {
        guard hsts.age > .zero else { return nil }
        let directives =
            ["max-age=\(hsts.age.components.seconds)"]
            + (hsts.includesSubdomains ? ["includeSubDomains"] : []) + (hsts.allowsPreload ? ["preload"] : [])
        return ByteBuffer(string: "strict-transport-security: \(directives.joined(separator: "; "))\r\n")
    }
}
