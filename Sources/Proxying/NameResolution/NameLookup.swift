// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix

/// Why a host's name gave no address, in the system's words.
package struct NameLookupError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Asks the system for the addresses of a host (getaddrinfo), which may take seconds, on threads made for waiting.
package enum NameLookup {
    /// The host's IP addresses as text, whatever their order.
    package static func addresses(of host: String) async -> Result<Set<String>, NameLookupError> {
        await orderedAddresses(of: host).map(Set.init)
    }

    /// The same, with the one to be tried first in front (RFC 6724, as far as the system goes by it).
    package static func orderedAddresses(of host: String) async -> Result<[String], NameLookupError> {
        do {
            return try await NIOThreadPool.singleton.runIfActive { blockingAddresses(of: host) }
        } catch {
            return .failure(NameLookupError("the program is ending"))
        }
    }

    /// Whether the text is an address itself, so that there is nothing to look up.
    package static func isAddress(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    private static func blockingAddresses(of host: String) -> Result<[String], NameLookupError> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else { return .failure(NameLookupError(String(cString: gai_strerror(status)))) }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let named = getnameinfo(
                entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            if named == 0 {
                let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                let address = String(decoding: bytes, as: UTF8.self)
                if !addresses.contains(address) { addresses.append(address) }
            }
            next = entry.ai_next
        }
        return .success(addresses)
    }
}
