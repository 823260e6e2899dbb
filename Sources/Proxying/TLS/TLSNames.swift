// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// Which of several certificates a client gets: one that has the name which it asks for, else one that has a wildcard
/// in the place of that name's first label. Of two that are alike the first counts.
struct TLSNames: Sendable {
    private var whole: [String: NIOSSLContextConfigurationOverride] = [:]
    /// By what follows the wildcard: `.example.com`.
    private var wildcards: [String: NIOSSLContextConfigurationOverride] = [:]

    init(_ identities: [TLSIdentity]) {
        for identity in identities {
            var override = NIOSSLContextConfigurationOverride()
            override.certificateChain = identity.chain.map { .certificate($0) }
            override.privateKey = .privateKey(identity.key)
            for name in identity.names { add(name, override) }
        }
    }

    private mutating func add(_ name: String, _ override: NIOSSLContextConfigurationOverride) {
        if name.hasPrefix("*.") {
            let rest = String(name.dropFirst())
            if wildcards[rest] == nil { wildcards[rest] = override }
        } else if whole[name] == nil {
            whole[name] = override
        }
    }

    /// What the handshake with a client that asks for this name takes instead of the listener's own certificate.
    func override(for name: String?) -> NIOSSLContextConfigurationOverride {
        guard let name = name?.lowercased() else { return .noChanges }
        if let override = whole[name] { return override }
        guard let dot = name.firstIndex(of: ".") else { return .noChanges }
        return wildcards[String(name[dot...])] ?? .noChanges
    }
}

extension NIOSSLCertificate {
    /// The names of hosts that the certificate is for, in lower case.
    var hostNames: [String] {
        _subjectAlternativeNames().filter { $0.nameType == .dnsName }
            .map { String(decoding: $0.contents, as: UTF8.self).lowercased() }
    }
}
