// SPDX-License-Identifier: Apache-2.0

import Core
import TestKit
import Testing

@testable import Ambassador

@Suite("Hot keys")
struct HotKeysTests {
    private func see(_ hot: inout HotKeys, _ key: String) {
        let bytes = Array(key.utf8)
        hot.see(bytes.span)
    }

    @Test func `a key of which every tenth command is stands first among ten thousand others`() {
        var hot = HotKeys()
        var numbers = SeededNumbers(seed: 7)
        for _ in 0..<2_000_000 {
            let isHot = Int.random(in: 0..<10, using: &numbers) == 0
            see(&hot, isHot ? "hot" : "key:\(Int.random(in: 0..<10_000, using: &numbers))")
        }
        let snapshot = HotKeysSnapshot(hot)
        #expect(snapshot.keys.first?.text == "hot")
        #expect(snapshot.keys.count == HotKeys.keysMax)
        #expect(abs((snapshot.keys.first?.share ?? 0) - 0.1) < 0.03)
        #expect((snapshot.keys.first?.shareAtLeast ?? 0) > 0.05)
    }

    @Test func `a key that is asked for no more goes`() {
        var hot = HotKeys()
        for _ in 0..<20_000 * HotKeys.sampledOf { see(&hot, "yesterday") }
        var numbers = SeededNumbers(seed: 7)
        for index in 0..<HotKeys.samplesPerHalving * HotKeys.sampledOf * 3 where index % HotKeys.sampledOf == 0 {
            for _ in 0..<HotKeys.sampledOf { see(&hot, "today") }
            _ = Int.random(in: 0..<2, using: &numbers)
        }
        #expect(HotKeysSnapshot(hot).keys.first?.text == "today")
        #expect((HotKeysSnapshot(hot).keys.first { $0.text == "yesterday" }?.share ?? 0) < 0.1)
    }

    @Test func `of a long key the beginning is kept`() {
        var hot = HotKeys()
        for _ in 0..<HotKeys.sampledOf { see(&hot, String(repeating: "k", count: 1_000)) }
        #expect(hot.keys.map(\.bytes.count) == [HotKeys.keyBytesMax])
    }

    @Test func `loops' keys are added up`() {
        var sum = HotKeysSnapshot()
        for keys in [["a", "b"], ["b", "c"]] {
            var hot = HotKeys()
            for key in keys { for _ in 0..<HotKeys.sampledOf { see(&hot, key) } }
            sum += HotKeysSnapshot(hot)
        }
        #expect(sum.keys.first?.text == "b")
        #expect(sum.keys.map(\.share) == [0.5, 0.25, 0.25])
    }
}

@Suite("The slow log")
struct SlowLogTests {
    @Test(arguments: ["", "a", "eight by", "fifteen letters", "sixteen letters.", "seventeen letters"])
    func `the beginning of a key is kept`(_ key: String) {
        let bytes = Array(key.utf8)
        let text = KeyBeginning(bytes.span).text
        #expect(text == (key.utf8.count > 16 ? String(key.prefix(16)) + "…" : key))
    }

    @Test func `the latest are kept, and all are counted`() {
        var log = SlowLog()
        for number in 0..<SlowLog.entriesMax + 10 {
            log.add(
                SlowCommand(
                    command: "\(number)", key: "", server: "", endedAt: .now(), nanoseconds: 1, replyBytes: 0))
        }
        #expect(log.count == UInt64(SlowLog.entriesMax + 10))
        #expect(log.entries.count == SlowLog.entriesMax)
        #expect(Set(log.entries.map(\.command)).isDisjoint(with: (0..<10).map { "\($0)" }))
    }

    @Test(.enabled(if: RedisServer.isInstalled)) func `a command that took long is shown with its key and server`()
        async throws
    {
        let server = try RedisServer(arguments: ["--enable-debug-command", "local"])
        let pool = try await RedisPoolUnderTest(servers: [server.port]) { $0.pool.limits.slow = .milliseconds(20) }
        let direct = try ByteConnection(port: server.port)
        let client = try pool.connect()
        // Which of two connections a server looks at first isn't said, so that it may take some tries.
        for _ in 0..<50 where await pool.pool.snapshot().slowCommands.isEmpty {
            try direct.write(command("DEBUG", "SLEEP", "0.1"))
            try await Task.sleep(for: .milliseconds(20))
            #expect(try client.ask(command("GET", "slow:key"), count: 5) == "$-1\r\n")
            #expect(try direct.read(count: 5) == "+OK\r\n")
        }
        let slow = try #require(await pool.pool.snapshot().slowCommands.first)
        #expect(slow.command == "GET" && slow.key == "slow:key" && slow.server == "server1")
        #expect(slow.nanoseconds > 20_000_000 && slow.replyBytes == 5)
        try await pool.end()
    }
}
