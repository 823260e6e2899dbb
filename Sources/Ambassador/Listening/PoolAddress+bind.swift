// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import NIOCore
import NIOPosix
import Proxying

extension PoolAddress {
    /// Listens there; a socket's file that is left of another process is replaced.
    ///
    /// - Parameter sharesPort: lets other processes listen there too; the kernel spreads connections over them.
    func bind(_ bootstrap: ServerBootstrap, sharesPort: Bool) async throws(ListenError) -> any Channel {
        let bootstrap =
            sharesPort
            ? bootstrap.serverChannelOption(.socketOption(.init(rawValue: SO_REUSEPORT)), value: 1) : bootstrap
        do {
            switch self {
            case .network(let address): return try await bootstrap.bind(host: address.host, port: address.port).get()
            case .unix(let path, let permissions):
                let channel = try await bootstrap.bind(
                    unixDomainSocketPath: path, cleanupExistingSocketFile: true
                ).get()
                if let permissions { chmod(path, mode_t(permissions)) }
                return channel
            }
        } catch { throw ListenError(listenAddress, cause: error) }
    }

    /// For errors: a path has no port.
    private var listenAddress: ListenAddress {
        switch self {
        case .network(let address): address
        case .unix(let path, _): ListenAddress(host: path, port: 0)
        }
    }
}
