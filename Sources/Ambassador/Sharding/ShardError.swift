// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Why a server didn't answer a command. The client gets it in its protocol's form, behind the server's name.
enum ShardError: Error, Equatable {
    case unresolved(String)
    case connect(String)
    case timeout
    case closed
    case reset(String)
    /// It answered something that isn't the protocol.
    case garbage(String)
    /// It refused the password, the database or the protocol's version.
    case session(String)
    case overloaded(queue: Int)
    /// As many connections are clients' own as may be.
    case tooManyOwn(limit: Int)
    /// Its client ended before the command did.
    case abandoned
    /// The pool ends.
    case draining

    /// For clients: what happened, without addresses.
    var reason: String {
        switch self {
        case .unresolved(let text): "its name isn't known: \(text)"
        case .connect(let text): text
        case .timeout: "it didn't answer in time"
        case .closed: "it closed the connection"
        case .reset(let text): text
        case .garbage(let text): "its reply isn't understood: \(text)"
        case .session(let text): "it refused the session: \(text)"
        case .overloaded(let queue): "\(queue) commands wait for it"
        case .tooManyOwn(let limit): "\(limit) connections that clients have for themselves are open"
        case .abandoned: "the command wasn't completed"
        case .draining: "the proxy is stopping"
        }
    }

    /// Whether it says something about the server's health.
    var isFailure: Bool {
        switch self {
        case .overloaded, .tooManyOwn, .abandoned, .draining: false
        default: true
        }
    }
}

extension ByteBuffer {
    /// What an error says, without its line's end.
    var firstLine: String { String(buffer: self).split(separator: "\r\n").first.map(String.init) ?? "" }
}

extension ShardCounters {
    /// Counts a connection that ended.
    mutating func count(_ error: ShardError) {
        switch error {
        case .closed: closes += 1
        case .timeout: timeouts += 1
        case .draining, .abandoned: break
        default: errors += 1
        }
    }
}
