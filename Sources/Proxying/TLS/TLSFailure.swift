// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// Why a connection has no TLS, as a sentence that says what to look at.
package enum TLSFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The certificate's authority isn't trusted, or its time is over or hasn't come.
    case untrusted
    /// The certificate is of another server.
    case otherName(expected: String)
    /// Whoever is there says something, but it isn't TLS.
    case notTLS
    /// No version or cipher that both know.
    case nothingInCommon
    /// A certificate of ours is wanted, or the one that was shown isn't trusted; with the other side's word.
    case refused(String)
    case timedOut
    case closed
    /// The connection ended without the word that nothing follows, so that what came may not be all.
    case cutOff
    case other(String)

    package var description: String {
        switch self {
        case .untrusted:
            "the certificate isn't signed by an authority that is trusted (tls.ca names others), or it is out of date"
        case .otherName(let expected): "the certificate isn't one of \(expected) (tls.server-name says another name)"
        case .notTLS: "what is there doesn't speak TLS"
        case .nothingInCommon: "the other side has no version or cipher of TLS that we have; 1.2 is the least"
        case .refused(let reason): "the other side refused the handshake: \(reason)"
        case .timedOut: "the TLS handshake took too long"
        case .closed: "the connection was closed within the TLS handshake"
        case .cutOff: "the connection was cut off"
        case .other(let text): "TLS failed: \(text)"
        }
    }

    /// - Parameter name: of the server; nil on its own side.
    package init(_ error: any Error, name: String?) {
        switch error {
        case let failure as TLSFailure: self = failure
        case let extra as NIOSSLExtraError
        where extra == .failedToValidateHostname || extra == .serverHostnameImpossibleToMatch:
            self = .otherName(expected: name ?? "the address")
        case NIOSSLError.unableToValidateCertificate: self = .otherName(expected: name ?? "the address")
        case NIOSSLError.uncleanShutdown: self = .cutOff
        case NIOSSLError.noCertificateToValidate: self = .refused("no certificate was shown")
        case NIOSSLError.handshakeFailed(let cause), NIOSSLError.shutdownFailed(let cause): self.init(cause)
        case let cause as BoringSSLError: self.init(cause)
        default: self = .other("\(error)")
        }
    }

    /// Whether a connection with TLS ended, or one of its directions, without the word that nothing follows.
    package static func isCutOff(_ error: any Error) -> Bool {
        if case NIOSSLError.uncleanShutdown = error { true } else { false }
    }

    /// What BoringSSL says, by its own names for it.
    private init(_ error: BoringSSLError) {
        guard case .sslError(let stack) = error else {
            self = .other("\(error)")
            return
        }
        if stack.contains(.eofDuringHandshake) {
            self = .closed
            return
        }
        let text = stack.map(\.description).joined(separator: "; ")
        let words: [(name: String, failure: TLSFailure)] = [
            ("CERTIFICATE_VERIFY_FAILED", .untrusted),
            ("PEER_DID_NOT_RETURN_A_CERTIFICATE", .refused("no certificate was shown")),
            ("ALERT_UNKNOWN_CA", .refused("it doesn't know our certificate's authority")),
            ("ALERT_BAD_CERTIFICATE", .refused("it doesn't take our certificate")),
            ("ALERT_CERTIFICATE_EXPIRED", .refused("our certificate has expired")),
            ("CERTIFICATE_REQUIRED", .refused("it wants a certificate (tls.certificate)")),
            ("ALERT_HANDSHAKE_FAILURE", .nothingInCommon),
            ("ALERT_PROTOCOL_VERSION", .nothingInCommon),
            ("UNSUPPORTED_PROTOCOL", .nothingInCommon),
            ("NO_SHARED_CIPHER", .nothingInCommon),
            ("WRONG_VERSION_NUMBER", .notTLS),
            ("HTTP_REQUEST", .notTLS),
            ("HTTPS_PROXY_REQUEST", .notTLS),
        ]
        self = words.first { text.contains($0.name) }?.failure ?? .other(text)
    }
}
