// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import Core
import Logging
import MemoryEngine
import Testing

@testable import Runtime

/// What becomes of components whose documents are right when they are made.
struct ComponentsTests {
    private struct NoPower: Error, CustomStringConvertible {
        var description: String { "there is no power" }
    }

    private static let place = SourceLocation.file("r.yaml", line: 3, column: 1)

    /// Kinds that are made, can't be made, find a wrong value, and never answer.
    private static let catalog = Catalog(state: [
        .inMemory,
        ComponentKind(type: "state.powerless", settings: []) { _, _ in throw NoPower() },
        ComponentKind(type: "state.mistaken", settings: []) { _, _ in
            throw Problem(place, key: "spec.metadata.host", "found \"x\", expected a host")
        },
        ComponentKind(type: "state.silent", settings: []) { _, _ in
            try await Task.sleep(for: .seconds(3600))
            throw NoPower()
        },
    ])

    private let log = RecordedLog()

    private func make(_ documents: ComponentDocument...) async throws -> Components {
        let templates = ComponentTemplates(appID: "cart", namespace: "shop", environment: [:])
        var plans = ComponentPlans()
        for document in documents { _ = try plans.add(document, Self.catalog, templates) }
        return try await Components(
            plans, ComponentSurroundings(appID: "cart", namespace: "shop", logger: log.logger))
    }

    private func document(
        _ name: String, _ type: String, ignoreErrors: Bool = false, initTimeout: Duration = .seconds(60)
    ) -> ComponentDocument {
        ComponentDocument(
            header: ResourceHeader(name: name, namespace: nil, scopes: [], location: Self.place), type: type,
            typeLocation: Self.place, version: nil, ignoreErrors: ignoreErrors, initTimeout: initTimeout, metadata: [],
            secretStore: nil)
    }

    @Test func `components are made in the order of their documents`() async throws {
        let components = try await make(document("b", "state.in-memory"), document("a", "state.in-memory"))
        #expect(components.state.map(\.name) == ["b", "a"])
        #expect(log.lines.isEmpty)
    }

    @Test func `a component that can't be made stops the start with its document's place`() async throws {
        let error = await #expect(throws: ComponentError.self) {
            try await make(document("a", "state.in-memory"), document("b", "state.powerless"))
        }
        #expect(error?.description == "r.yaml:3: component b (state.powerless) can't be made: there is no power")
    }

    @Test func `a wrong value that only the engine finds is a problem like any other`() async throws {
        let problems = await #expect(throws: Problems.self) { try await make(document("b", "state.mistaken")) }
        #expect(problems?.description == "r.yaml:3: spec.metadata.host: found \"x\", expected a host")
    }

    @Test func `a component that isn't made within its limit stops the start`() async throws {
        let error = await #expect(throws: ComponentError.self) {
            try await make(document("b", "state.silent", initTimeout: .milliseconds(10)))
        }
        #expect(error?.description.hasSuffix("can't be made: it took longer than 0.01 seconds") == true)
    }

    @Test func `a component whose errors are ignored is left out, and the log says so`() async throws {
        let components = try await make(
            document("a", "state.powerless", ignoreErrors: true),
            document("b", "state.silent", ignoreErrors: true, initTimeout: .milliseconds(10)),
            document("c", "state.mistaken", ignoreErrors: true), document("d", "state.in-memory"))
        #expect(components.state.map(\.name) == ["d"])
        #expect(log.lines.map(\.id) == Array(repeating: "component.ignored", count: 3))
        #expect(
            log.lines.first?.message
                == "Component a is left out, as its document allows: "
                + "r.yaml:3: component a (state.powerless) can't be made: there is no power.")
    }

    @Test func `the embedded store has the name that Dapr's quickstarts use`() throws {
        var components = Components()
        components.addDefaultState(
            InMemoryStateStore(), ComponentSurroundings(appID: "cart", namespace: "shop", logger: log.logger))
        #expect(components.state.map(\.name) == ["statestore"])
        #expect(try components.state.first?.storedKey("k") == "cart||k")
    }
}
