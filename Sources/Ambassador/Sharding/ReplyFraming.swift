// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Where the servers' replies end.
///
/// It knows both protocols instead of being generic over them: a generic class that NIO calls runs code that isn't
/// specialised, which took a third more time per command.
struct ReplyFraming {
    enum Language: String {
        case redis, memcached
    }

    private let language: Language
    private var redis = RESPFraming()
    private var memcached = MemcachedFraming()

    init(_ language: Language) { self.language = language }

    /// Looks for the end of the reply at the front of `bytes`. What it has looked at it doesn't look at again, so
    /// `bytes` begins at the same byte until a reply is complete.
    @inline(__always)
    mutating func scan(_ bytes: borrowing Span<UInt8>, expecting shape: ReplyShape) -> ReplyScan {
        switch language {
        case .redis: redis.scan(bytes)
        case .memcached: memcached.scan(bytes, expecting: shape)
        }
    }

    /// How many of the first `count` bytes of an incomplete reply, all of which have been looked at, aren't needed
    /// for the rest. The next scan begins behind them, and the reply's length is that of the rest.
    mutating func forget(_ count: Int) -> Int {
        switch language {
        case .redis: redis.forget(count)
        // Only connections of one client's own can do without a part, and memcached has none.
        case .memcached: 0
        }
    }
}

/// What has to be known of a command to find the end of its reply, and which replies its client doesn't want. Each
/// language has its own meaning for the bits.
struct ReplyShape: Equatable {
    let rawValue: UInt8
    /// The client wants no reply, not even an error.
    let isSilent: Bool

    init(rawValue: UInt8, isSilent: Bool = false) {
        self.rawValue = rawValue
        self.isSilent = isSilent
    }

    /// It says itself where it ends.
    static let any = ReplyShape(rawValue: 0)
}

enum ReplyScan {
    case complete(length: Int, kind: ReplyKind)
    /// At least so many bytes are still to come.
    case incomplete(missing: Int)
    /// The server doesn't speak the protocol; the text says how one sees that.
    case malformed(String)
}

enum ReplyKind: UInt8 {
    case value
    /// The server refuses this command.
    case refusal
    /// The server can't serve anybody at the moment: it is out of memory, loading, or busy with a script.
    case incapacity
    /// Said without being asked; it answers no command.
    case push
    /// The client asked not to hear it; it only ends the wait of those behind it.
    case hidden
}
