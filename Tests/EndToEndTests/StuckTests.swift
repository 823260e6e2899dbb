// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A neighbour that was stopped inside a commit holds the write lock for as long as it likes.
private func withLock<Value>(on data: String, _ body: () throws -> Value) throws -> Value {
    let holder = Process()
    holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    holder.arguments = ["\(data)/write.lock", "-c", "echo held; exec sleep 60"]
    let output = Pipe()
    holder.standardOutput = output
    try holder.run()
    _ = output.fileHandleForReading.availableData
    defer {
        kill(-holder.processIdentifier, SIGKILL)
        holder.terminate()
    }
    return try body()
}

extension EndToEnd {
    @Suite struct Stuck {
        @Test func `a sidecar whose start waits for a neighbour's lock ends at once on SIGTERM`() throws {
            let folder = try TemporaryFolder()
            let first = try Sidecar.alone(on: folder)
            try first.waitUntilServing()
            _ = try first.stop()
            try withLock(on: folder.path("data")) {
                let second = try Sidecar(.init(folder: folder))
                usleep(300_000)
                second.process.send(SIGTERM)
                #expect(try second.process.waitForExit(upTo: .seconds(2)) == .status(128 + 15))
            }
        }

        @Test func `a sidecar whose write waits for a neighbour's lock still ends, and says what it left behind`()
            throws
        {
            let folder = try TemporaryFolder()
            let sidecar = try Sidecar.alone("--dapr-graceful-shutdown-seconds", "1", on: folder)
            try sidecar.waitUntilServing()
            #expect(try sidecar.save("before", "1").status == 204)
            try withLock(on: folder.path("data")) {
                let body = #"[{"key":"waiting","value":1}]"#
                let connection = try Connection(port: sidecar.api.port)
                connection.write(
                    "POST /v1.0/state/statestore HTTP/1.1\r\nHost: x\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
                )
                usleep(200_000)
                sidecar.process.send(SIGTERM)
                #expect(try sidecar.process.waitForExit(upTo: .seconds(8)) == .status(0))
                #expect(sidecar.process.standardError.contains("Left behind"))
            }
            let again = try Sidecar.alone(on: folder)
            #expect(try again.load("before").body == "1")
        }
    }
}
