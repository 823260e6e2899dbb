// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Logging
import Proxying

/// The two sides of a pool's TLS; nil is plain.
struct PoolTLS: Sendable {
    var servers: TLSClient?
    var clients: TLSServer?

    /// Reads the files; what is wrong with them is thrown, with the places of their keys.
    init(
        _ pool: PoolConfiguration, key: String, origin: @escaping @Sendable (String) -> SourceLocation?
    ) throws(Problems) {
        servers = try TLSClient(pool.tls, TLSSource(key: key + ".tls", origin: origin))
        clients = try TLSServer(pool.clientTLS, TLSSource(key: key + ".client-tls", origin: origin))
    }

    /// What changes with its files.
    var fromFiles: [any TLSFromFiles] { [servers as (any TLSFromFiles)?, clients].compactMap(\.self) }

    /// Says what a user should know of it: certificates that end soon, servers that aren't verified.
    func report(to logger: Logger) {
        for tls in fromFiles { tls.report(to: logger) }
    }
}
