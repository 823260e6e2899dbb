// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import NIOCore
import Proxying
import Synchronization
import TestKit
import Testing
import WireHTTP

/// How the app is called, when it is called at all.
@Suite(.timeLimit(.minutes(1))) struct AppChannelTests {
    private static func upstream(port: Int) -> HTTPUpstream {
        HTTPUpstream(
            address: ListenAddress(host: "127.0.0.1", port: port),
            eventLoopGroup: EpollEventLoopGroup.singleton)
    }

    private static let request = HTTPRequest(
        HTTPRequestHead(.get, "/a", fields: ["dapr-api-token": "guess", "x-ask": "q"]))

    // MARK: - Calls

    @Test(arguments: [nil, "secret"])
    func `the app's token goes with each call, and no other token does`(token: String?) async throws {
        let heads = AsyncStream.makeStream(of: [String].self)
        let app = try ScriptedServer { connection in
            heads.continuation.yield(try connection.readHead())
            try connection.write("HTTP/1.1 204 X\r\n\r\n")
        }
        let channel = HTTPAppChannel(Self.upstream(port: app.port), token: token, concurrency: nil, health: nil)
        #expect(try await channel.call(Self.request, within: nil).response.head.status == .noContent)
        for await head in heads.stream {
            #expect(head.filter { $0.hasPrefix("dapr-api-token") } == (token.map { ["dapr-api-token: \($0)"] } ?? []))
            #expect(head.contains("x-ask: q"))
            break
        }
        app.stop()
    }

    @Test func `a call counts as running until its answer is let go of`() async throws {
        let app = try ScriptedServer { connection in
            while true {
                try connection.readHead()
                try connection.write("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
            }
        }
        let channel = HTTPAppChannel(Self.upstream(port: app.port), token: nil, concurrency: 1, health: nil)
        var first: AppCall? = try await channel.call(Self.request, within: nil)
        #expect(first?.response.head.status == .ok)
        let answers = Mutex(0)
        let second = Task.immediate {
            _ = try await channel.call(Self.request, within: nil)
            answers.withLock { $0 += 1 }
        }
        try await Task.sleep(for: .milliseconds(200))
        #expect(answers.withLock { $0 } == 0)
        first = nil
        try await second.value
        app.stop()
    }

    @Test func `a call that gives up its wait is cancelled, and a failed one frees its place`() async throws {
        let port = try FreePort.next()
        let channel = HTTPAppChannel(Self.upstream(port: port), token: nil, concurrency: 1, health: nil)
        for _ in 0..<3 {
            let error = await #expect(throws: AppChannelError.self) {
                try await channel.call(Self.request, within: nil)
            }
            #expect(error?.isUnsent == true)
            #expect(error?.description == "can't connect to 127.0.0.1:\(port): Connection refused")
        }
        let app = try ScriptedServer { connection in
            try connection.readHead()
            _ = connection.readToEnd()
        }
        let slow = HTTPAppChannel(Self.upstream(port: app.port), token: nil, concurrency: 1, health: nil)
        let running = Task.immediate { try await slow.call(Self.request, within: nil) }
        let waiting = Task.immediate { try await slow.call(Self.request, within: nil) }
        try await Task.sleep(for: .milliseconds(50))
        waiting.cancel()
        let error = await #expect(throws: AppChannelError.self) { try await waiting.value }
        #expect(error?.description == "the request was cancelled")
        running.cancel()
        _ = await running.result
        app.stop()
    }

    // MARK: - Health

    @Test func `an app is unhealthy until it first answers well, and after so many failures in a row`() async throws {
        let status = Atomic(503)
        let app = try ScriptedServer { connection in
            while true {
                guard try connection.readHead()[0] == "GET /up HTTP/1.1" else { return }
                try connection.write(
                    "HTTP/1.1 \(status.load(ordering: .sequentiallyConsistent)) X\r\nContent-Length: 0\r\n\r\n")
            }
        }
        var check = AppHealth.Check()
        (check.path, check.interval, check.threshold) = ("/up", .milliseconds(20), 3)
        let health = AppHealth(check, Self.upstream(port: app.port))
        let channel = HTTPAppChannel(Self.upstream(port: app.port), token: nil, concurrency: nil, health: health)
        let changes = AsyncStream.makeStream(of: Bool.self)
        health.observe { changes.continuation.yield($0) }
        var seen = changes.stream.makeAsyncIterator()
        let run = Task { await health.run() }
        try await Task.sleep(for: .milliseconds(100))
        #expect(!health.isHealthy && !channel.isHealthy)
        let error = await #expect(throws: AppChannelError.self) { try await channel.call(Self.request, within: nil) }
        #expect(error?.description == "app is not in a healthy state" && error?.isUnsent == true)
        for _ in 0..<3 {
            status.store(204, ordering: .sequentiallyConsistent)
            #expect(await seen.next() == true)
            #expect(channel.isHealthy)
            status.store(500, ordering: .sequentiallyConsistent)
            #expect(await seen.next() == false)
            #expect(!channel.isHealthy)
        }
        run.cancel()
        await run.value
        app.stop()
    }

    @Test func `fewer failures than the threshold change nothing`() async throws {
        let count = Atomic(0)
        let app = try ScriptedServer { connection in
            while true {
                try connection.readHead()
                // Every third check succeeds.
                let isWell = count.add(1, ordering: .sequentiallyConsistent).newValue % 3 == 0
                try connection.write("HTTP/1.1 \(isWell ? 200 : 500) X\r\nContent-Length: 0\r\n\r\n")
            }
        }
        var check = AppHealth.Check()
        (check.interval, check.threshold) = (.milliseconds(5), 3)
        let health = AppHealth(check, Self.upstream(port: app.port))
        let changes = Mutex<[Bool]>([])
        health.observe { isHealthy in changes.withLock { $0.append(isHealthy) } }
        let run = Task { await health.run() }
        while count.load(ordering: .sequentiallyConsistent) < 30 { try await Task.sleep(for: .milliseconds(5)) }
        run.cancel()
        await run.value
        #expect(changes.withLock { $0 } == [true])
        app.stop()
    }

    @Test func `an app that hangs or isn't there is unhealthy, and checks don't pile up connections`() async throws {
        let app = try ScriptedServer { connection in
            try connection.readHead()
            _ = connection.readToEnd()
        }
        var check = AppHealth.Check()
        (check.interval, check.timeout, check.threshold) = (.milliseconds(10), .milliseconds(50), 1)
        let health = AppHealth(check, Self.upstream(port: app.port))
        let run = Task { await health.run() }
        while app.connectionCount < 3 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(!health.isHealthy)
        run.cancel()
        await run.value
        app.stop()
    }
}
