// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Proxying
import WireHTTP

/// What a connection waits for, and what follows when it doesn't come.
extension HTTPProxyClient {
    /// Has `expectation` missed at the end of `nanoseconds`; 0 is never.
    @inline(__always)
    func expect(_ expectation: HTTPProxyExpectation, within nanoseconds: Int64) {
        expect(expectation, until: nanoseconds > 0 ? loop.now() + nanoseconds : .max)
    }

    @inline(__always)
    func expect(_ expectation: HTTPProxyExpectation, until deadline: Int64) {
        self.expectation = expectation
        self.deadline = deadline
        loop.deadlines.note(deadline)
    }

    /// The time is over.
    func expired() {
        deadline = .max
        switch expectation {
        case .none: break
        case .idle: closeWhenWritten()
        case .lingering, .tunnel: close()
        case .write: writesExpired()
        case .head: headExpired()
        case .body: answer(.requestTimeout, .client, "the request's body didn't come in time")
        case .connection, .response: serverExpired()
        case .responseBody: abort(.serverDied)
        }
    }

    private func headExpired() {
        // A connection on which nothing was said is idle, and ends without a word.
        guard hasPartOfHead else { return close() }
        answerUnasked(.requestTimeout, .client, "the request's head didn't come in time")
    }
}
