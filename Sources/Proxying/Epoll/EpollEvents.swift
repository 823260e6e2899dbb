// SPDX-License-Identifier: Apache-2.0

import CEpoll

/// What epoll(7) tells of a socket.
struct EpollEvents: OptionSet {
    let rawValue: UInt32

    static let readable = Self(rawValue: EPOLLIN.rawValue)
    static let writable = Self(rawValue: EPOLLOUT.rawValue)
    /// The other side says no more.
    static let peerEnded = Self(rawValue: EPOLLRDHUP.rawValue)
    /// Both sides say no more.
    static let ended = Self(rawValue: EPOLLHUP.rawValue)
    static let failed = Self(rawValue: EPOLLERR.rawValue)

    /// Reading brings an end or an error, behind what is still to be read.
    static let endings: Self = [.peerEnded, .ended, .failed]
    static let readings = endings.union(.readable)
}
