// SPDX-License-Identifier: Apache-2.0

/// Saves every key once, so that a GET that finds nothing means something.
enum Seed {
    private static let batch = 500

    static func run(_ options: Options) throws -> LoadResult {
        let workload = Workload(
            keyCount: options.keys, valueLength: options.valueBytes, getShare: 0, keysPerRead: 1, seed: 0)
        let connection = try Connection(port: options.port, isBlocking: true)
        var result = LoadResult()
        for first in stride(from: 0, to: options.keys, by: batch) {
            let keys = first..<min(first + batch, options.keys)
            for key in keys { workload.appendSet(key, to: &connection.output) }
            _ = try connection.flush()
            for key in keys {
                let reply = try connection.waitForReply()
                result.requests += 1
                if reply.isError { result.noteError(reply.text(in: connection.input), key: key) }
            }
        }
        return result
    }
}
