// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Glibc
import NIOCore
import Testing

extension StateStoreConformance {
    func etagDecides() async throws {
        try await save("app||e", "1")
        let first = try await etag("app||e")
        try await save("app||e", "2", if: .matches(first))
        let second = try await etag("app||e")
        #expect(second != first)
        await expectMismatch(.save("app||e", "3", if: .matches(first)))
        #expect(try await store.get("app||e") == StateItem(value: ByteBuffer(string: "2"), etag: second))
        #expect(try await store.get(["app||e"])[0]?.etag == second)
        await expectMismatch(.save("app||e-missing", "1", if: .matches(first)))
        #expect(try await store.get("app||e-missing") == nil)
    }

    func foreignETags() async throws {
        try await save("app||foreign", "1")
        let right = try await etag("app||foreign")
        for wrong in ["", "0", "01", "-1", "bad-etag", "ü", right + " ", " " + right, right.uppercased() + "0"] {
            await expectMismatch(.save("app||foreign", "2", if: .matches(wrong)))
            await expectMismatch(.delete("app||foreign", if: .matches(wrong)))
            await expectMismatch(.save("app||foreign-missing", "2", if: .matches(wrong)))
        }
        #expect(try await value("app||foreign") == "1")
    }

    func etagsAreNew() async throws {
        var seen: Set<String> = []
        for round in 0..<50 {
            try await save("app||new", "same")
            #expect(seen.insert(try await etag("app||new")).inserted, "round \(round)")
            if round % 5 == 0 { try await store.apply(.delete("app||new")) }
        }
    }

    func bulkWithBadETag() async throws {
        try await save("app||bulk1", "1")
        try await save("app||bulk2", "1")
        let etag = try await etag("app||bulk1")
        var results = await store.apply([
            .save("app||bulk1", "2", if: .matches(etag)), .save("app||bulk2", "2", if: .matches("bad")),
            .save("app||bulk3", "2"),
        ])
        try results[0].get()
        let error = #expect(throws: StateError.self) { try results[1].get() }
        #expect(error?.code == .etagMismatch)
        #expect(error?.key == "app||bulk2")
        try results[2].get()
        let items = try await store.get(["app||bulk1", "app||bulk2", "app||bulk3"])
        #expect(items.map { $0.map { String(buffer: $0.value) } } == ["2", "1", "2"])
        results = await store.apply([.delete("app||bulk2", if: .matches("bad")), .delete("app||bulk3")])
        #expect(throws: StateError.self) { try results[0].get() }
        try results[1].get()
        #expect(try await value("app||bulk2") == "1")
        #expect(try await value("app||bulk3") == nil)
    }

    func firstWriteWins() async throws {
        try await save("app||first", "1", if: .absent)
        await expectMismatch(.save("app||first", "2", if: .absent))
        #expect(try await value("app||first") == "1")
        // A first write doesn't bind later writers that don't ask for it.
        try await save("app||first", "3")
        try await store.apply(.delete("app||first"))
        try await save("app||first", "4", if: .absent)
        #expect(try await value("app||first") == "4")
    }

    func deleteWithETag() async throws {
        try await save("app||del", "1")
        let stale = try await etag("app||del")
        try await save("app||del", "2")
        await expectMismatch(.delete("app||del", if: .matches(stale)))
        #expect(try await value("app||del") == "2")
        try await store.apply(.delete("app||del", if: .matches(try await etag("app||del"))))
        #expect(try await store.get("app||del") == nil)
        await expectMismatch(.delete("app||del", if: .matches(stale)))
    }
}

// MARK: - Transactions

extension StateStoreConformance {
    func transactionInOrder() async throws {
        try await save("app||t1", "old")
        try await store.transact([
            .save("app||t1", "1"), .save("app||t2", "1"), .delete("app||t-missing"), .delete("app||t2"),
            .save("app||t1", "2"), .save("app||t3", "a"), .delete("app||t3"), .save("app||t3", "b"),
        ])
        let items = try await store.get(["app||t1", "app||t2", "app||t3"])
        #expect(items.map { $0.map { String(buffer: $0.value) } } == ["2", nil, "b"])
    }

    func transactionIsAtomic() async throws {
        try await save("app||a1", "1")
        try await save("app||a2", "1")
        let error = await #expect(throws: StateError.self) {
            try await store.transact([
                .save("app||a1", "2"), .delete("app||a2"), .save("app||a3", "2"),
                .save("app||a2", "2", if: .matches("bad")),
            ])
        }
        #expect(error?.code == .etagMismatch)
        let items = try await store.get(["app||a1", "app||a2", "app||a3"])
        #expect(items.map { $0.map { String(buffer: $0.value) } } == ["1", "1", nil])
        try await store.transact([
            .save("app||a1", "3", if: .matches(try await etag("app||a1"))),
            .delete("app||a2", if: .matches(try await etag("app||a2"))), .save("app||a3", "3", if: .absent),
        ])
        #expect(try await value("app||a1") == "3")
        #expect(try await value("app||a2") == nil)
        #expect(try await value("app||a3") == "3")
    }

    func transactionSeesItself() async throws {
        try await save("app||s", "1")
        let etag = try await etag("app||s")
        try await store.transact([.delete("app||s"), .save("app||s", "2", if: .absent)])
        #expect(try await value("app||s") == "2")
        for conditions in [
            [StateWrite.save("app||s2", "1"), .save("app||s2", "2", if: .absent)],
            [.delete("app||s"), .save("app||s", "3", if: .matches(etag))],
            [.save("app||s", "3"), .delete("app||s", if: .matches(try await self.etag("app||s")))],
        ] {
            let error = await #expect(throws: StateError.self) { try await store.transact(conditions) }
            #expect(error?.code == .etagMismatch)
        }
        #expect(try await value("app||s") == "2")
        #expect(try await value("app||s2") == nil)
    }

    func snapshot() async throws {
        let keys = (0..<8).map { "app||snapshot-\($0)" }
        try await store.transact(keys.map { .save($0, "0") })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 1...100 { try await store.transact(keys.map { .save($0, "\(round)") }) }
            }
            group.addTask {
                for _ in 0..<100 {
                    let seen = Set(try await store.get(keys).map { $0.map { String(buffer: $0.value) } })
                    #expect(seen.count == 1)
                }
            }
            try await group.waitForAll()
        }
    }
}

// MARK: - Expiry

extension StateStoreConformance {
    func expires() async throws {
        let before = ContinuousClock.now
        try await save("app||ttl", "1", timeToLive: 1)
        try await save("app||ttl-long", "1", timeToLive: 1000)
        let item = try #require(await store.get("app||ttl-long"))
        let left = Double(try #require(item.expiresAtMilliseconds)) / 1000 - secondsSince1970()
        #expect(left > 990 && left <= 1001)
        if ContinuousClock.now - before < .milliseconds(900) { #expect(try await store.get("app||ttl") != nil) }
        let stale = try await store.get("app||ttl")?.etag ?? "gone"
        try await Task.sleep(for: .milliseconds(1100))
        #expect(try await store.get("app||ttl") == nil)
        #expect(try await store.get(["app||ttl", "app||ttl-long"]).map { $0 == nil } == [true, false])
        if store.features.contains(.etag) {
            await expectMismatch(.save("app||ttl", "2", if: .matches(stale)))
            await expectMismatch(.delete("app||ttl", if: .matches(stale)))
            try await save("app||ttl", "3", if: .absent)
            #expect(try await value("app||ttl") == "3")
        }
    }

    func rewriteRemovesExpiry() async throws {
        try await save("app||rewrite", "1", timeToLive: 1)
        try await save("app||rewrite", "2")
        let item = try #require(await store.get("app||rewrite"))
        #expect(item.expiresAtMilliseconds == nil)
        try await Task.sleep(for: .milliseconds(1100))
        #expect(try await value("app||rewrite") == "2")
    }

    func enormousTimeToLive() async throws {
        try await save("app||enormous", "1", timeToLive: .max)
        #expect(try await value("app||enormous") == "1")
    }

    private func secondsSince1970() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

// MARK: - Concurrency

extension StateStoreConformance {
    func increments() async throws {
        let tasks = 8
        let rounds = 25
        try await save("app||counter", "0")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<tasks {
                group.addTask { for _ in 0..<rounds { try await increment("app||counter") } }
            }
            try await group.waitForAll()
        }
        #expect(try await value("app||counter") == "\(tasks * rounds)")
    }

    private func increment(_ key: String) async throws {
        while true {
            let item = try #require(await store.get(key))
            let next = try #require(Int(String(buffer: item.value))) + 1
            do throws(StateError) {
                return try await save(key, "\(next)", if: .matches(item.etag))
            } catch {
                guard error.code == .etagMismatch else { throw error }
            }
        }
    }

    func readsItsWrites() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<50 {
                        try await save("app||own-\(task)", "\(round)")
                        #expect(try await value("app||own-\(task)") == "\(round)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    func oneFirstWriteWins() async throws {
        let winners = await withTaskGroup(of: Int?.self) { group in
            for task in 0..<32 {
                group.addTask {
                    do throws(StateError) {
                        try await save("app||race", "\(task)", if: .absent)
                        return task
                    } catch {
                        return nil
                    }
                }
            }
            return await group.reduce(into: [Int]()) { winners, task in if let task { winners.append(task) } }
        }
        #expect(winners.count == 1)
        #expect(try await value("app||race") == winners.first.map(String.init))
    }
}
