// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Clients that ask once and then stay connected without a word, until standard input ends.
enum IdleClients {
    static func run(_ options: Options) throws -> LoadResult {
        var workload = Workload(
            keyCount: options.keys, valueLength: options.valueBytes, getShare: options.getShare, keysPerRead: 1,
            seed: UInt64(options.seed))
        var result = LoadResult()
        var connections: [Connection] = []
        for _ in 0..<options.connections {
            let connection = try Connection(port: options.port, isBlocking: true)
            let expectation = workload.appendRequest(to: &connection.output)
            _ = try connection.flush()
            let reply = try connection.waitForReply()
            if reply.isError { result.noteError(reply.text(in: connection.input), key: expectation.key) }
            result.requests += 1
            connections.append(connection)
        }
        print("connected")
        fflush(nil)
        while readLine() != nil {}
        // A connection that the server has closed meanwhile can be read: there is its end.
        result.closed = connections.count { $0.hasEnded() }
        return result
    }
}
