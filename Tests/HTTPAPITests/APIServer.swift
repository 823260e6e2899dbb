// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import HTTPAPI
import Logging
import Proxying
import Synchronization
import TestKit

/// The API on a free port of loopback, with a store that keeps nothing.
struct APIServer: Sendable {
    let store = FakeStateStore()
    let simpleStore = FakeStateStore(features: [.etag])
    let health = HealthState()
    let metadata = SidecarMetadata(
        appID: "cart", app: AppConnection(port: 8080, protocol: "http", address: "127.0.0.1"))
    let shutdowns = Shutdowns()
    let service: HTTPAPIService
    let client: HTTPClient
    let publicClient: HTTPClient

    final class Shutdowns: Sendable {
        private let calls = Mutex<[Bool]>([])
        var all: [Bool] { calls.withLock { $0 } }
        func add(_ isForced: Bool) { calls.withLock { $0.append(isForced) } }
    }

    private init(
        _ change: (inout APIConfiguration) -> Void, hasStores: Bool, invoker: Invoker?
    ) async throws {
        var configuration = APIConfiguration()
        configuration.listen.port = 0
        configuration.publicListen = ListenAddress(host: "127.0.0.1", port: 0)
        change(&configuration)
        let components = [("statestore", store), ("simple", simpleStore)].map { name, store in
            StateComponent(
                name: name, type: "state.fake", version: "v1", store: store, appID: "cart", namespace: "default")
        }
        service = HTTPAPIService(
            configuration: configuration, components: APIComponents(state: hasStores ? components : []),
            invoker: invoker, metadata: metadata, health: health,
            eventLoopGroup: EpollEventLoopGroup.singleton, logger: Logger(label: "test"),
            shutdown: { [shutdowns] in shutdowns.add($0) })
        client = HTTPClient(port: try await service.bind())
        publicClient = HTTPClient(port: service.boundPublicPort ?? 0)
    }

    /// Runs `body` beside a server that is stopped after it.
    static func run(
        hasStores: Bool = true, invoker: Invoker? = nil, _ change: (inout APIConfiguration) -> Void = { _ in },
        _ body: (APIServer) async throws -> Void
    ) async throws {
        let server = try await APIServer(change, hasStores: hasStores, invoker: invoker)
        do {
            try await body(server)
            await server.service.stop()
        } catch {
            await server.service.stop()
            throw error
        }
    }

    func save(_ body: String, query: String = "") async throws -> HTTPAnswer {
        try await client.send("POST", "/v1.0/state/statestore\(query)", body: body)
    }

    func get(_ key: String) async throws -> HTTPAnswer { try await client.send("GET", "/v1.0/state/statestore/\(key)") }
}
