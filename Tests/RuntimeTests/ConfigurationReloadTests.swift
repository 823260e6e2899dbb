// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Synchronization
import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(1))) struct ConfigurationReloadTests {
    private static func configuration(idle: Duration) -> Configuration {
        var configuration = Configuration()
        configuration.ambassador.http["web"] = HTTPProxyConfiguration()
        configuration.ambassador.http["web"]?.timeouts.idle = idle
        return configuration
    }

    @Test func `a configuration that can't be taken is refused whole, and tried again`() async throws {
        let log = RecordedLog()
        let isWrong = Mutex(true)
        let taken = Mutex<[Duration?]>([])
        let reload = ConfigurationReload(
            files: [], current: Self.configuration(idle: .seconds(60)), logger: log.logger,
            read: { () throws(Problems) in Self.configuration(idle: .seconds(7)) },
            apply: { configuration throws(Problems) in
                if isWrong.withLock({ $0 }) { throw Problems([Problem(.builtIn, key: "ambassador", "is wrong")]) }
                taken.withLock { $0.append(configuration.ambassador.http["web"]?.timeouts.idle) }
            })
        let running = Task { try await reload.run() }
        defer { running.cancel() }
        func ask(until count: Int) async throws {
            reload.request()
            while log.lines.count < count { try await Task.sleep(for: .milliseconds(5)) }
        }
        try await ask(until: 2)
        isWrong.withLock { $0 = false }
        try await ask(until: 3)
        try await ask(until: 4)
        #expect(
            log.lines.map(\.id) == [
                "configuration.refused", "configuration.kept", "configuration.reloaded", "configuration.unchanged",
            ])
        #expect(taken.withLock { $0 } == [.seconds(7)])
    }
}
