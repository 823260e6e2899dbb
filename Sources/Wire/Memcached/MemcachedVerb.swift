// SPDX-License-Identifier: Apache-2.0

/// A command's name; the raw value is its first eight bytes.
@usableFromInline
package enum MemcachedVerb: UInt64, Sendable, CaseIterable {
    case get = 0x67_6574
    case gets = 0x6765_7473
    case gat = 0x67_6174
    case gats = 0x6761_7473
    case set = 0x73_6574
    case add = 0x61_6464
    case replace = 0x72_6570_6C61_6365
    case append = 0x6170_7065_6E64
    case prepend = 0x70_7265_7065_6E64
    case cas = 0x63_6173
    case delete = 0x6465_6C65_7465
    case increment = 0x696E_6372
    case decrement = 0x6465_6372
    case touch = 0x74_6F75_6368
    case metaGet = 0x6D67
    case metaSet = 0x6D73
    case metaDelete = 0x6D64
    case metaArithmetic = 0x6D61
    case metaDebug = 0x6D65
    case metaNoOp = 0x6D6E
    case statistics = 0x73_7461_7473
    case flushAll = 0x666C_7573_685F_616C
    case verbosity = 0x7665_7262_6F73_6974
    case version = 0x76_6572_7369_6F6E
    case quit = 0x7175_6974

    @inlinable
    init?(_ name: MemcachedName) {
        guard let verb = Self(rawValue: name.first), verb.rest == name.rest else { return nil }
        self = verb
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
