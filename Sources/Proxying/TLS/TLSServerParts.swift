// SPDX-License-Identifier: Apache-2.0

import Core
import NIOCore
import NIOSSL

/// What the files of a listener's TLS hold.
struct TLSServerParts: Equatable, Sendable {
    /// The first is for clients that ask for no name, or for one that no certificate has.
    private(set) var identities: [TLSIdentity] = []
    private var authorities: [NIOSSLCertificate]?

    /// Nil if the listener is plain.
    init?(_ configuration: TLSServerConfiguration, _ source: TLSSource, at time: UTCTime) throws(Problems) {
        var problems: [Problem] = []
        func read<Value>(_ body: () throws(Problems) -> Value?) -> Value? {
            do throws(Problems) { return try body() } catch {
                problems += error.all
                return nil
            }
        }
        let own = read { () throws(Problems) in
            try TLSIdentity(certificate: configuration.certificate, key: configuration.key, source, at: time)
        }
        let named = configuration.certificates.compactMap { name, entry in
            read { () throws(Problems) in try TLSIdentity(named: name, entry, source, at: time) }
        }
        authorities = read { () throws(Problems) in try TLSAuthorities.read(configuration.ca, source, at: time) }
        guard problems.isEmpty else { throw Problems(problems) }
        identities = (own.map { [$0] } ?? []) + named
        try configuration.check(hasCertificate: !identities.isEmpty, source)
        if identities.isEmpty { return nil }
    }

    /// The context of new connections; fails if a key isn't its certificate's.
    func context(
        _ configuration: TLSServerConfiguration, _ source: TLSSource, _ protocols: [String]
    ) throws(Problems) -> NIOSSLContext {
        let names = identities.count > 1 ? TLSNames(identities) : nil
        var contexts: [NIOSSLContext] = []
        // One is used; the others show that each pair is one.
        for identity in identities {
            var tls = contextConfiguration(of: identity, configuration, protocols)
            if let names { tls.sslContextCallback = { $1.succeed(names.override(for: $0.serverHostname)) } }
            contexts.append(try tls.context(of: identity, source))
        }
        // Safe: the initializer refuses an empty list.
        return contexts.first!
    }

    private func contextConfiguration(
        of identity: TLSIdentity, _ configuration: TLSServerConfiguration, _ protocols: [String]
    ) -> TLSConfiguration {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: identity.chain.map { .certificate($0) }, privateKey: .privateKey(identity.key))
        tls.applyListenerPolicy(protocols: protocols)
        if configuration.minimumVersion == .v13 { tls.minimumTLSVersion = .tlsv13 }
        if let authorities {
            tls.trustRoots = .certificates(authorities)
            // Names of clients mean nothing here: whom the authorities signed for, they let in.
            tls.certificateVerification =
                configuration.client == .require ? .noHostnameVerification : .optionalVerification
            tls.sendCANameList = true
        }
        return tls
    }
}

extension TLSServerConfiguration {
    /// Whoever writes something about clients believes that it is looked at.
    fileprivate func check(hasCertificate: Bool, _ source: TLSSource) throws(Problems) {
        if client != .require, ca == nil {
            let message = "found nothing, expected the authorities of clients because client is given"
            throw Problems([source.problem("ca", message)])
        }
        let given = selfSigned ? "self-signed" : ca != nil ? "ca" : minimumVersion != .v12 ? "minimum-version" : nil
        guard let given, !hasCertificate else { return }
        let message = "found nothing, expected the listener's certificate because \(given) is given"
        throw Problems([source.problem("certificate", message)])
    }
}

extension TLSIdentity {
    /// One of a listener's `certificates`.
    fileprivate init?(
        named name: String, _ configuration: TLSCertificateConfiguration, _ source: TLSSource, at time: UTCTime
    ) throws(Problems) {
        let source = source.entry(name, of: "certificates")
        guard configuration.certificate != nil || configuration.key != nil else {
            throw Problems([source.problem("certificate", "found nothing, expected a PEM file")])
        }
        try self.init(certificate: configuration.certificate, key: configuration.key, source, at: time)
        if names.isEmpty { throw Problems([nameless]) }
    }
}
