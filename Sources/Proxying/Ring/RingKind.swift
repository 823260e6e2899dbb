// SPDX-License-Identifier: Apache-2.0

/// How hashes are divided among servers.
package enum RingKind: String, Sendable, CaseIterable {
    /// Points on a circle, as libmemcached and twemproxy place them: a server that comes or goes moves few keys.
    case ketama
    /// The remainder of the hash: even, but any change of the servers moves nearly all keys.
    case modula
    /// Any server; for servers that all hold the same.
    case random
    /// The server that the key scores highest with: even, and a change moves only the keys that it must. Its cost grows
    /// with the servers; it suits up to about 32.
    case rendezvous
}
