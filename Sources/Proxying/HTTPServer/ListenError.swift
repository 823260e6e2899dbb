// SPDX-License-Identifier: Apache-2.0

package import Core
import Glibc
import NIOCore

/// Why an address can't be listened on, as a sentence that says what is in the way.
package struct ListenError: Error, Sendable, CustomStringConvertible {
    package enum Reason: Sendable, Equatable {
        /// Another process listens there; nil when the kernel doesn't tell which.
        case addressInUse(PortOccupant?)
        /// Ports below 1024 need a right that this process doesn't have.
        case notPermitted
        /// No interface of this machine has the address, or the host name isn't known.
        case addressUnknown
        case other(String)
    }

    package var address: ListenAddress
    package var reason: Reason

    package init(_ address: ListenAddress, reason: Reason) {
        self.address = address
        self.reason = reason
    }

    package init(_ address: ListenAddress, cause: (any Error)?) {
        self.init(address, reason: Self.reason(of: cause, at: address))
    }

    package var description: String {
        switch reason {
        case .addressInUse(let occupant?): "port \(address.port) of \(address.host) is in use by \(occupant)"
        case .addressInUse(nil): "port \(address.port) of \(address.host) is in use by another process"
        case .notPermitted: "this user may not listen on \(address); ports below 1024 need CAP_NET_BIND_SERVICE"
        case .addressUnknown: "\(address) is not an address of this machine"
        case .other(let text): "can't listen on \(address): \(text)"
        }
    }

    private static func reason(of cause: (any Error)?, at address: ListenAddress) -> Reason {
        guard let cause else { return .other("the listener was stopped") }
        guard let error = cause as? IOError else {
            return cause is SocketAddressError || cause is SocketAddressError.UnknownHost
                ? .addressUnknown : .other("\(cause)")
        }
        switch error.errnoCode {
        case EADDRINUSE: return .addressInUse(PortOccupant.find(port: address.port))
        case EACCES, EPERM: return .notPermitted
        case EADDRNOTAVAIL: return .addressUnknown
        default: return .other(String(cString: strerror(error.errnoCode)))
        }
    }
}
