// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Synchronization
import Testing

@Suite struct RegistryResolverTests {
    @Test func `the instances of an app are found, with what calls them`() async throws {
        let registry = FakeRegistry([
            .sidecar("a", "cart", "127.0.0.1:1", "s1"), .sidecar("b", "orders", "127.0.0.1:2", "s2"),
            .sidecar("c", "cart", "[::1]:3", "s3"),
        ])
        let found = try await RegistryResolver(registry).resolve("cart", namespace: "default", isFresh: false)
        #expect(
            found == [
                SidecarPeer(id: "a", address: ListenAddress(host: "127.0.0.1", port: 1), secret: "s1"),
                SidecarPeer(id: "c", address: ListenAddress(host: "::1", port: 3), secret: "s3"),
            ])
    }

    @Test func `a sidecar that can't be called isn't found`() async throws {
        let registry = FakeRegistry([
            .sidecar("a", "cart", nil, "s"), .sidecar("b", "cart", "127.0.0.1:1", nil),
            .sidecar("c", "cart", "nonsense", "s"),
        ])
        #expect(try await RegistryResolver(registry).resolve("cart", namespace: "default", isFresh: false).isEmpty)
    }

    @Test func `what was found is kept for a second, in each namespace, unless it was wrong`() async throws {
        let registry = FakeRegistry([.sidecar("a", "cart", "127.0.0.1:1", "s")])
        let resolver = RegistryResolver(registry)
        for _ in 0..<3 { _ = try await resolver.resolve("cart", namespace: "default", isFresh: false) }
        #expect(registry.lookups == ["default"])
        for _ in 0..<3 { _ = try await resolver.resolve("cart", namespace: "shop", isFresh: false) }
        #expect(registry.lookups == ["default", "shop"])
        _ = try await resolver.resolve("cart", namespace: "default", isFresh: true)
        #expect(registry.lookups == ["default", "shop", "default"])
        try await Task.sleep(for: .milliseconds(1100))
        _ = try await resolver.resolve("cart", namespace: "default", isFresh: false)
        #expect(registry.lookups.count == 4)
    }

    @Test func `an app that isn't known is looked for each time`() async throws {
        let registry = FakeRegistry([])
        let resolver = RegistryResolver(registry)
        #expect(try await resolver.resolve("cart", namespace: "default", isFresh: false).isEmpty)
        registry.records.withLock { $0 = [.sidecar("a", "cart", "127.0.0.1:1", "s")] }
        #expect(try await resolver.resolve("cart", namespace: "default", isFresh: false).count == 1)
    }

    @Test func `more namespaces than are kept are found all the same`() async throws {
        let registry = FakeRegistry([.sidecar("a", "cart", "127.0.0.1:1", "s")])
        let resolver = RegistryResolver(registry)
        for number in 0..<200 {
            #expect(try await resolver.resolve("cart", namespace: "n\(number)", isFresh: false).count == 1)
        }
    }

    @Test func `a registry that can't be read is an error, and what was kept still holds`() async throws {
        let registry = FakeRegistry([.sidecar("a", "cart", "127.0.0.1:1", "s")])
        let resolver = RegistryResolver(registry)
        _ = try await resolver.resolve("cart", namespace: "default", isFresh: false)
        registry.isBroken.store(true, ordering: .relaxed)
        await #expect(throws: FakeRegistry.Broken.self) {
            try await resolver.resolve("cart", namespace: "default", isFresh: true)
        }
        #expect(try await resolver.resolve("cart", namespace: "default", isFresh: false).count == 1)
    }
}

extension SidecarRecord {
    fileprivate static func sidecar(_ id: String, _ appID: String, _ address: String?, _ secret: String?) -> Self {
        SidecarRecord(
            id: id, appID: appID, namespace: "default", processID: 1, apiAddress: "127.0.0.1:3500", appPort: nil,
            internalAddress: address, secret: secret)
    }
}

private final class FakeRegistry: NameRegistry {
    struct Broken: Error {}

    let records: Mutex<[SidecarRecord]>
    let isBroken = Atomic(false)
    private let asked = Mutex<[String]>([])

    init(_ records: [SidecarRecord]) { self.records = Mutex(records) }

    var lookups: [String] { asked.withLock { $0 } }

    func register(_ record: SidecarRecord) async throws {}
    func unregister() async throws {}

    func sidecars(inNamespace namespace: String) async throws -> [SidecarRecord] {
        if isBroken.load(ordering: .relaxed) { throw Broken() }
        asked.withLock { $0.append(namespace) }
        return records.withLock { $0 }
    }
}
