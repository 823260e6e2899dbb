// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Logging
import Proxying
import Telemetry

extension AmbassadorConfiguration {
    /// Gives a certificate for development to the listeners that are to have one and have none, and says so.
    ///
    /// - Parameter folder: the data directory, which is made if it is missing.
    mutating func makeCertificates(in folder: () throws -> String, _ logger: Logger) throws {
        let (keys, made) = try giveCertificates { try DevelopmentCertificate(in: folder) }
        guard let made else { return }
        let path = made.unkept == nil ? made.certificate : nil
        logger.emit(.tlsSelfSigned(keys: keys, path: path, reason: made.unkept))
    }

    /// Gives each of them the one certificate that `make` makes; returns their keys, and nil if there are none.
    mutating func giveCertificates(
        _ make: () throws -> DevelopmentCertificate
    ) throws -> (keys: [String], made: DevelopmentCertificate?) {
        var keys: [String] = []
        var made: DevelopmentCertificate?
        func complete(_ tls: inout TLSServerConfiguration, _ key: String) throws {
            guard tls.needsCertificate else { return }
            let certificate = try made ?? make()
            (tls.certificate, tls.key) = (certificate.certificate, certificate.key)
            made = certificate
            keys.append(key)
        }
        for name in redis.names {
            guard var pool = redis[name] else { continue }
            try complete(&pool.pool.clientTLS, "ambassador.redis.\(name).client-tls")
            redis[name] = pool
        }
        for name in memcached.names {
            guard var pool = memcached[name] else { continue }
            try complete(&pool.pool.clientTLS, "ambassador.memcached.\(name).client-tls")
            memcached[name] = pool
        }
        for name in http.names {
            guard var proxy = http[name] else { continue }
            try complete(&proxy.tls, key(ofProxy: name) + ".tls")
            http[name] = proxy
        }
        return (keys, made)
    }
}
