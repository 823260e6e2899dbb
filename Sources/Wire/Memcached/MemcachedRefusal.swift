// SPDX-License-Identifier: Apache-2.0

/// A command that is not passed on, but after which the connection goes on.
@usableFromInline
package struct MemcachedRefusal: Error, Sendable, Equatable {
    package var reason: Reason
    /// The command's bytes, all of which are to be dropped. There may be fewer of them yet: a value that is refused
    /// isn't waited for.
    package var length: Int
    /// Whether the client asked for no reply.
    package var isSilent: Bool

    /// Why, in memcached's own words where it has any.
    @usableFromInline
    package enum Reason: Sendable, Equatable {
        case unknownCommand
        /// A command that memcached has but that makes no sense for many servers behind one address.
        case unsupported(MemcachedServerCommand)
        case badLine
        case badExpiry
        case badDelta
        case badDeletion
        case badValueEnd
        case badEncoding
        case duplicateFlag
        case tooManyFlags
        case tooManyKeys
        case valueTooLarge

        /// The reply's line, without its end.
        package var text: String {
            switch self {
            case .unknownCommand: "ERROR"
            case .unsupported(let name): "CLIENT_ERROR \(name.rawValue) is not supported through a proxy"
            case .badLine: "CLIENT_ERROR bad command line format"
            case .badExpiry: "CLIENT_ERROR invalid exptime argument"
            case .badDelta: "CLIENT_ERROR invalid numeric delta argument"
            case .badDeletion: "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]"
            case .badValueEnd: "CLIENT_ERROR bad data chunk"
            case .badEncoding: "CLIENT_ERROR error decoding key"
            case .duplicateFlag: "CLIENT_ERROR duplicate flag"
            case .tooManyFlags: "CLIENT_ERROR options flags are too long"
            case .tooManyKeys: "CLIENT_ERROR too many keys"
            case .valueTooLarge: "SERVER_ERROR object too large for cache"
            }
        }
    }
}

/// Commands of memcached that change or watch one server.
@usableFromInline
package enum MemcachedServerCommand: String, Sendable, CaseIterable {
    case cacheMemoryLimit = "cache_memlimit"
    case debugTime = "debugtime"
    case extstore
    case lru
    case lruCrawler = "lru_crawler"
    case misbehave
    case refreshCertificates = "refresh_certs"
    case shutdown
    case slabs
    case watch
}

/// Why what comes is no memcached protocol at all, so that its connection can only be closed.
@usableFromInline
package enum MemcachedSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    case lineTooLong(limit: Int)
    case replyTooLong(limit: Int)
    case valueTooLarge(limit: Int)
    /// A reply that no server gives to this command.
    case unexpectedReply

    @usableFromInline package var description: String {
        switch self {
        case .lineTooLong(let limit): "line too long (the limit is \(limit) bytes)"
        case .replyTooLong(let limit): "reply too long (the limit is \(limit) bytes)"
        case .valueTooLarge(let limit): "value too large (the limit is \(limit) bytes)"
        case .unexpectedReply: "unexpected reply"
        }
    }
}
