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
                return try await Self.bind(bootstrap, path, permissions.map { mode_t($0) })
            }
        } catch { throw ListenError(listenAddress, cause: error) }
    }

    private static func bind(
        _ bootstrap: ServerBootstrap, _ path: String, _ permissions: mode_t?
    ) async throws -> any Channel {
        guard let permissions else {
            return try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        }
        // The file is made with those of the socket, so that nobody else comes in while it has those of the mask.
        let restricted = bootstrap.serverChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let transport = channel.pipeline.syncOperations
                let status = try transport.withUnsafeTransportIfAvailable { fchmod($0, permissions) }
                guard status == 0 else { throw IOError(errnoCode: errno, reason: "fchmod") }
            }
        }
        let channel = try await restricted.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        // The mask may have taken some away.
        guard chmod(path, permissions) == 0 else {
            let error = IOError(errnoCode: errno, reason: "chmod")
            try? await channel.close()
            throw error
        }
        return channel
    }

    /// For errors: a path has no port.
    private var listenAddress: ListenAddress {
        switch self {
        case .network(let address): address
        case .unix(let path, _): ListenAddress(host: path, port: 0)
        }
    }
}
