// SPDX-License-Identifier: Apache-2.0

/// A command's name.
@usableFromInline
package enum MemcachedVerb: UInt8, Sendable, CaseIterable {
    case get, gets, gat, gats
    case set, add, replace, append, prepend, cas
    case delete, increment, decrement, touch
    case metaGet, metaSet, metaDelete, metaArithmetic, metaDebug, metaNoOp
    case statistics, flushAll, verbosity, version, quit

    /// As memcached writes them, in the order of the cases.
    package static let names = [
        "get", "gets", "gat", "gats", "set", "add", "replace", "append", "prepend", "cas", "delete", "incr", "decr",
        "touch", "mg", "ms", "md", "ma", "me", "mn", "stats", "flush_all", "verbosity", "version", "quit",
    ]

    /// Compares the first eight bytes with those of the names, then what is left.
    @inlinable
    init?(_ name: MemcachedName) {
        switch name.first {
        case 0x67_6574: self = .get
        case 0x6765_7473: self = .gets
        case 0x67_6174: self = .gat
        case 0x6761_7473: self = .gats
        case 0x73_6574: self = .set
        case 0x61_6464: self = .add
        case 0x72_6570_6C61_6365: self = .replace
        case 0x6170_7065_6E64: self = .append
        case 0x70_7265_7065_6E64: self = .prepend
        case 0x63_6173: self = .cas
        case 0x6465_6C65_7465: self = .delete
        case 0x696E_6372: self = .increment
        case 0x6465_6372: self = .decrement
        case 0x74_6F75_6368: self = .touch
        case 0x6D67: self = .metaGet
        case 0x6D73: self = .metaSet
        case 0x6D64: self = .metaDelete
        case 0x6D61: self = .metaArithmetic
        case 0x6D65: self = .metaDebug
        case 0x6D6E: self = .metaNoOp
        case 0x73_7461_7473: self = .statistics
        case 0x666C_7573_685F_616C: self = .flushAll
        case 0x7665_7262_6F73_6974: self = .verbosity
        case 0x76_6572_7369_6F6E: self = .version
        case 0x7175_6974: self = .quit
        default: return nil
        }
        if name.rest != rest { return nil }
    }

    /// The bytes of the name after the first eight.
    @inlinable var rest: UInt64 {
        switch self {
        case .flushAll: 0x6C
        case .verbosity: 0x79
        default: 0
        }
    }

    /// What a server answers it with.
    @inlinable package var replyShape: MemcachedReplyShape {
        switch self {
        case .get, .gets, .gat, .gats: .values
        case .set, .add, .replace, .append, .prepend, .cas: .storage
        case .delete: .deletion
        case .increment, .decrement: .number
        case .touch: .touch
        case .metaGet, .metaSet, .metaDelete, .metaArithmetic: .meta
        case .metaDebug: .debug
        case .metaNoOp: .noOp
        case .statistics: .statistics
        case .flushAll, .verbosity: .acknowledgement
        case .version: .version
        // It has no reply at all; whoever forwards it anyway is told by whatever comes.
        case .quit: .noOp
        }
    }

    /// Whether the command has a value behind its line.
    @inlinable package var hasValue: Bool {
        switch self {
        case .set, .add, .replace, .append, .prepend, .cas, .metaSet: true
        default: false
        }
    }

    /// Whether the command changes what a server stores.
    @inlinable package var isWrite: Bool {
        switch self {
        case .get, .gets, .metaGet, .metaDebug, .metaNoOp, .statistics, .verbosity, .version, .quit: false
        default: true
        }
    }
}
