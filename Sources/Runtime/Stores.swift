// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import HTTPAPI
import Logging
import SQLiteEngine
import ServiceLifecycle
import Settings
import Sidecar
import Telemetry

/// The stores of one sidecar: the components that its documents ask for and the embedded database.
struct Stores: Sendable {
    var components: Components
    /// Nil if nothing needs it: without the API there are no building blocks and no registry.
    var database: EmbeddedDatabase?

    /// Who finds other sidecars.
    var resolver: any NameResolver {
        database.map { RegistryResolver($0.nameRegistry) } ?? NoNeighbours()
    }

    static func open(_ invocation: Invocation, _ logger: Logger) async throws -> Stores {
        let configuration = invocation.loaded.configuration
        guard configuration.api.enabled, let appID = configuration.app.id else {
            return Stores(components: Components(), database: nil)
        }
        let surroundings = ComponentSurroundings(
            appID: appID, namespace: configuration.app.namespace, logger: logger)
        var components = try await Components(invocation.plans, surroundings)
        let (hasState, hasPubSub) = (!invocation.plans.state.isEmpty, !invocation.plans.pubsub.isEmpty)
        let database = try await openDatabase(invocation, isNeeded: !hasState || !hasPubSub, logger)
        if let database, !hasState {
            components.addDefaultState(database.stateStore(namespace: surroundings.namespace), surroundings)
        }
        if let database, !hasPubSub {
            components.addDefaultPubSub(database.log(namespace: surroundings.namespace), surroundings)
        }
        return Stores(components: components, database: database)
    }

    /// Opens the embedded database. A sidecar that needs it only to know its neighbours starts without it too.
    private static func openDatabase(
        _ invocation: Invocation, isNeeded: Bool, _ logger: Logger
    ) async throws -> EmbeddedDatabase? {
        do {
            return try await EmbeddedDatabase.open(path: try invocation.dataPath, logger: logger)
        } catch {
            if isNeeded { throw error }
            logger.emit(.registryUnavailable("\(error)"))
            return nil
        }
    }
}

extension Invocation {
    /// The data directory.
    var dataPath: String {
        get throws(Problem) {
            if let path = loaded.configuration.data.path { return path }
            return try DataConfiguration.defaultPath(environment)
        }
    }
}

extension DataConfiguration {
    /// `$XDG_STATE_HOME/outrigger`, or `~/.local/state/outrigger` (XDG Base Directory Specification 0.8).
    static func defaultPath(_ environment: [String: String]) throws(Problem) -> String {
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/outrigger" }
        if let home = environment["HOME"], home.hasPrefix("/") { return home + "/.local/state/outrigger" }
        throw Problem(
            .builtIn, key: "data.path", "found neither XDG_STATE_HOME nor HOME, expected a folder (--data-dir)")
    }
}

/// Closes the embedded database when everything that uses it has ended.
struct DatabaseService: Service {
    var database: EmbeddedDatabase

    func run() async throws {
        try? await gracefulShutdown()
        try? await database.nameRegistry.unregister()
        await database.close()
    }
}
