// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One client that saves values of many megabytes and reads them back, one at a time, and compares every byte.
enum LargeValues {
    static func run(_ options: Options) throws -> LoadResult {
        let connection = try Connection(port: options.port, isBlocking: true)
        var random = SplitMix(state: UInt64(options.seed))
        var value = bytes(options.valueBytes, from: &random)
        var result = LoadResult()
        let begin = monotonicNanoseconds()
        var now = begin
        while now < begin + UInt64(options.seconds * 1e9) {
            let name = "large:\(options.seed):\(result.requests % options.keys)"
            // Every value begins differently; making all of its bytes anew would cost more than to send them.
            withUnsafeBytes(of: random.next()) { value.replaceSubrange(0..<$0.count, with: $0) }
            try save(name, value, on: connection, &result)
            try load(name, value, on: connection, &result)
            let done = monotonicNanoseconds()
            result.latency.record(done - now)
            result.requests += 1
            usleep(UInt32(options.pauseMilliseconds) * 1000)
            now = monotonicNanoseconds()
        }
        result.seconds = Double(now - begin) / 1e9
        return result
    }

    private static func save(
        _ name: String, _ value: [UInt8], on connection: Connection, _ result: inout LoadResult
    ) throws {
        connection.output += Array("*3\r\n$3\r\nSET\r\n$\(name.utf8.count)\r\n\(name)\r\n$\(value.count)\r\n".utf8)
        connection.output += value
        connection.output += Array("\r\n".utf8)
        _ = try connection.flush()
        let reply = try connection.waitForReply()
        if reply.isError { return result.noteError(reply.text(in: connection.input), key: 0) }
        if reply.kind != UInt8(ascii: "+") { result.noteWrong("SET \(name): kind \(reply.kind)") }
    }

    private static func load(
        _ name: String, _ value: [UInt8], on connection: Connection, _ result: inout LoadResult
    ) throws {
        connection.output += Array("*2\r\n$3\r\nGET\r\n$\(name.utf8.count)\r\n\(name)\r\n".utf8)
        _ = try connection.flush()
        let reply = try connection.waitForReply()
        if reply.isError { return result.noteError(reply.text(in: connection.input), key: 0) }
        if !isEqual(connection.input, reply.payload, value) {
            result.noteWrong("GET \(name): \(reply.payload.count) bytes, not those that were saved")
        }
    }

    private static func isEqual(_ input: [UInt8], _ range: Range<Int>, _ value: [UInt8]) -> Bool {
        guard range.count == value.count else { return false }
        return input.withUnsafeBytes { read in
            value.withUnsafeBytes { saved in
                let payload = UnsafeRawBufferPointer(rebasing: read[range])
                guard let one = payload.baseAddress, let other = saved.baseAddress else { return true }
                return memcmp(one, other, saved.count) == 0
            }
        }
    }

    /// Bytes that don't repeat, so that a piece in the wrong place is noticed.
    private static func bytes(_ count: Int, from random: inout SplitMix) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            var word: UInt64 = 0
            for index in 0..<count {
                if index % 8 == 0 { word = random.next() }
                buffer[index] = UInt8(truncatingIfNeeded: word)
                word >>= 8
            }
            initialized = count
        }
    }
}
