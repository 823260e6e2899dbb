// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
import NIOCore

extension RelayFailure {
    /// Why no connection could be made.
    init(connecting error: any Error) {
        switch error {
        case let error as TLSFailure: self = .insecure(error)
        case let error as IOError: self = .unreachable(String(cString: strerror(error.errnoCode)))
        case ChannelError.connectTimeout: self = .connectTimeout
        case is NameLookupError: self = .unreachable("its name has no address")
        // The channel lost its handler.
        case is ChannelPipelineError: self = .closedAtOnce
        default: self = .unreachable("\(error)")
        }
    }

    /// The connection was closed before it could be used.
    static var closedAtOnce: Self { .unreachable("it closes connections at once") }

    /// The failure of a connection to `address`, as a sentence.
    func reason(_ address: ListenAddress) -> String {
        switch self {
        case .unreachable(let reason): "can't connect to \(address): \(reason)"
        case .connectTimeout: "can't connect to \(address): no answer in time"
        case .insecure(let failure): "no secure connection to \(address): \(failure)"
        case .closed: "the connection to \(address) was closed"
        case .malformed(let error): "\(address) doesn't speak HTTP/1.1: \(error)"
        case .overloaded: "too many requests wait for a connection to \(address)"
        }
    }
}
